-- Secrets of the installation that are changed while everything runs. Sealed for their key; only the token-manager can open them.
CREATE TABLE sealed_setting (
  key          text PRIMARY KEY,
  value_sealed text NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now()
);

-- Whose the attempt's sealed proxy was when it began, which is where it opens. Null where it has none, and where a release that knew
-- only proxies of tokens has written it.
ALTER TABLE submit_attempt ADD COLUMN proxy_place text CHECK (proxy_place IN ('token', 'proxy.default'));
