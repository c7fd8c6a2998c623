#!/bin/sh
# Runs the app this image was built for. `exec` makes it process 1, so that SIGTERM reaches it and it can drain.
set -eu
case "${APP:?this image was built without --build-arg APP=gateway|worker|token-manager|simulator|simulator-accounts|migrate}" in
  migrate) exec node tools/migrate.mts ;;
  simulator-accounts) exec node tools/add-simulator-accounts.mts ;;
  gateway | worker | token-manager | simulator) exec node "apps/$APP/dist/main.js" ;;
  *) echo "APP=$APP is none of gateway, worker, token-manager, simulator, simulator-accounts, migrate" >&2; exit 64 ;;
esac
