-- Work over many accounts: an import, or one thing done to each of a choice. Rows are claimed in portions by any replica.
CREATE TABLE batch (
  id            text PRIMARY KEY,
  kind          text NOT NULL CHECK (kind IN ('import', 'test', 'refresh', 'enable', 'disable', 'delete', 'set_proxy', 'set_limits')),
  state         text NOT NULL CHECK (state IN ('receiving', 'running', 'done', 'cancelled', 'failed')),
  error         text,
  options       jsonb NOT NULL,
  -- The proxy of a set_proxy, sealed for this row; erased when the batch is over.
  secret_sealed text,
  total         integer NOT NULL DEFAULT 0,
  done          integer NOT NULL DEFAULT 0,
  failed        integer NOT NULL DEFAULT 0,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  finished_at   timestamptz
);
CREATE INDEX batch_open ON batch (id) WHERE state IN ('receiving', 'running');

CREATE TABLE batch_row (
  batch_id       text NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
  n              integer NOT NULL,
  -- What an import brought, sealed for this row; erased with its verdict.
  payload_sealed text,
  -- Keyed hash of the refresh token that was sent for this row. One that may be used up is never sent for another row.
  sent_mac       text,
  token_id       text,
  label          text,
  hint           text,
  verdict        text CHECK (verdict IN ('would_add', 'would_update', 'added', 'updated', 'unchanged', 'done', 'invalid', 'failed')),
  message        text,
  claim          text,
  claimed_until  timestamptz,
  PRIMARY KEY (batch_id, n)
);
CREATE INDEX batch_row_open ON batch_row (batch_id, n) WHERE verdict IS NULL;
CREATE UNIQUE INDEX batch_row_sent ON batch_row (sent_mac) WHERE sent_mac IS NOT NULL;
