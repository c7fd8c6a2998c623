-- Refreshing a credential: one caller at a time, and a refresh token that may be spent is never sent again.
ALTER TABLE token
  -- Who refreshes now and since when; too old a claim may be taken over.
  ADD COLUMN refresh_claim         text,
  ADD COLUMN refresh_claimed_at    timestamptz,
  -- Committed before the refresh token leaves; cleared when its successor is stored or it certainly did not arrive.
  ADD COLUMN refresh_token_used_at timestamptz;
