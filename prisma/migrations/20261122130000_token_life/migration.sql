-- The life of an account: what it rests from and why, faults in a row, and a history of what happened to it.
ALTER TABLE token
  -- Null on a disabled account of the release before: a person did it.
  ADD COLUMN disabled_by text CHECK (disabled_by IN ('operator', 'automation')),
  ADD COLUMN image_cooling_reason text,
  ADD COLUMN video_cooling_reason text,
  ADD COLUMN image_faults integer NOT NULL DEFAULT 0 CHECK (image_faults >= 0),
  ADD COLUMN video_faults integer NOT NULL DEFAULT 0 CHECK (video_faults >= 0);

CREATE TABLE token_event (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_id text NOT NULL REFERENCES token (id) ON DELETE CASCADE,
  at       timestamptz NOT NULL,
  type     text NOT NULL,
  data     jsonb NOT NULL,
  -- The account's state as people see it, at that instant.
  before   jsonb NOT NULL,
  after    jsonb NOT NULL
);
CREATE INDEX token_event_token ON token_event (token_id, id DESC);
CREATE INDEX token_event_at ON token_event (at);
