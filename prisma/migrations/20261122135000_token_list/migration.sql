-- What people read of an account, and how they find it among ten thousand.
ALTER TABLE token
  -- As the upstream last said.
  ADD COLUMN username text,
  ADD COLUMN subscription_ends_at timestamptz;

-- The list runs along the primary key, whose ids grow with time. The few that are out of service are found without passing all the others;
-- accounts in service are not in this index, so it costs assignment nothing.
CREATE INDEX token_out_of_service ON token (state, id) WHERE hidden_at IS NULL AND state <> 'active';

ALTER TABLE batch_row
  -- Times the row failed for a passing reason and was put off; `claimed_until` says until when.
  ADD COLUMN retries integer NOT NULL DEFAULT 0 CHECK (retries >= 0);
