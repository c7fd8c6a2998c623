#!/bin/sh
# Runs the app this image was built for. `exec` makes it process 1, so that SIGTERM reaches it and it can drain.
set -eu
case "${APP:?this image was built without --build-arg APP=gateway|worker|token-manager|simulator|migrate}" in
  migrate) exec node tools/migrate.mts ;;
  gateway | worker | token-manager | simulator) exec node "apps/$APP/dist/main.js" ;;
  *) echo "APP=$APP is none of gateway, worker, token-manager, simulator, migrate" >&2; exit 64 ;;
esac
