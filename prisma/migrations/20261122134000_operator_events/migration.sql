-- What an operator wants to be told of, written in the transaction in which it happens; never holds a secret.
CREATE TABLE operator_event (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type       text NOT NULL,
  -- The account's id, or the lane's key.
  subject    text NOT NULL,
  data       jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX operator_event_created_at ON operator_event (created_at);
CREATE INDEX operator_event_type ON operator_event (type, id DESC);

-- Lanes that some account has served, and whether one could at the last look: an episode begins and ends with a change of this row.
CREATE TABLE pool_watch (
  lane         text PRIMARY KEY,
  is_exhausted boolean NOT NULL DEFAULT false,
  since        timestamptz NOT NULL DEFAULT clock_timestamp()
);
