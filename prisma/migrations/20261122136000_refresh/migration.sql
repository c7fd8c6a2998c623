-- Credentials that are renewed ahead of their end, in turn, and accounts that the upstream is asked about in turn.
ALTER TABLE token
  -- When the credential is to be renewed by itself. Null: not reckoned yet, which a timer does after every new credential.
  ADD COLUMN refresh_due_at    timestamptz,
  -- Times in a row that it could not be renewed for a passing reason.
  ADD COLUMN refresh_failures  integer NOT NULL DEFAULT 0 CHECK (refresh_failures >= 0),
  -- Why it will not be renewed by itself any more, while its access token is still good.
  ADD COLUMN refresh_warning   text,
  -- Whoever asks the upstream about the account moves it ahead; a failed or lost question is asked again from then on.
  ADD COLUMN inspect_not_before timestamptz;

CREATE INDEX token_refresh_due ON token (refresh_due_at) WHERE hidden_at IS NULL AND state = 'active';

-- Every refresh token that was sent anywhere, by whatever row it came, as a keyed hash: none of them is sent a second time.
CREATE TABLE sent_refresh_token (
  mac     text PRIMARY KEY,
  sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sent_refresh_token_sent_at ON sent_refresh_token (sent_at);
INSERT INTO sent_refresh_token (mac) SELECT sent_mac FROM batch_row WHERE sent_mac IS NOT NULL;
