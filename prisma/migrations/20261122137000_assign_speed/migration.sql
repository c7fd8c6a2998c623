-- Assignment looks up, once a batch, which rows exclude the accounts that are free; what is over is not read.
CREATE INDEX generation_exclusion_token ON generation_exclusion (token_id, until);

-- Proxies through which submits did not get, one after another: their accounts are given no work for a while. One row per way out as attempts
-- name it (md5 of the sealed proxy and its place), so a proxy that is entered anew begins anew.
CREATE TABLE proxy_circuit (
  route         text PRIMARY KEY,
  faults        integer NOT NULL CHECK (faults > 0),
  reason        text NOT NULL,
  last_fault_at timestamptz NOT NULL DEFAULT now(),
  -- Null while they are too few to say that it is dead. Once it is over, the next work is the trial.
  open_until    timestamptz
);
