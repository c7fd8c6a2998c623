-- Webhooks: where events are sent, what is to be sent and was, and what became of each try.
CREATE TABLE webhook_endpoint (
  -- As it is shown: whe_…
  id                text PRIMARY KEY,
  -- Null: the operator's own.
  owner_id          text REFERENCES owner (id),
  name              text NOT NULL,
  url               text NOT NULL,
  event_types       text[] NOT NULL,
  -- Sealed under the web key for this row and column.
  secret_sealed     text NOT NULL,
  secret_hint       text NOT NULL,
  -- The one before the last rotation, with which is signed as well until then.
  old_secret_sealed text,
  old_secret_until  timestamptz,
  -- Of the first try that failed since the last that did not.
  failing_since     timestamptz,
  -- Nothing is sent while it is set; what happens meanwhile waits.
  disabled_at       timestamptz,
  -- Null when a person did it.
  disabled_reason   text,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_endpoint_owner ON webhook_endpoint (owner_id, id);

-- One event for one endpoint. Written in the transaction in which it happens.
CREATE TABLE webhook_delivery (
  id             text PRIMARY KEY,
  -- No foreign key: that an endpoint is just being deleted must neither hold up nor fail the end of a generation.
  endpoint_id    text NOT NULL,
  -- The same for all endpoints, in every try and in every replay.
  event_id       text NOT NULL,
  event_type     text NOT NULL,
  data           jsonb NOT NULL,
  -- Whose deletion takes this row along.
  generation_id  text,
  state          text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'succeeded', 'failed')),
  tries          integer NOT NULL DEFAULT 0,
  -- Those of earlier rounds: a replay begins a new one.
  tries_before   integer NOT NULL DEFAULT 0,
  round_began_at timestamptz NOT NULL DEFAULT now(),
  next_try_at    timestamptz NOT NULL DEFAULT now(),
  -- A worker is sending it, and nobody else does until then.
  claimed_until  timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now(),
  ended_at       timestamptz,
  CONSTRAINT webhook_delivery_once UNIQUE (endpoint_id, event_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_try_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_log ON webhook_delivery (endpoint_id, created_at, id);
CREATE INDEX webhook_delivery_generation ON webhook_delivery (generation_id) WHERE generation_id IS NOT NULL;
CREATE INDEX webhook_delivery_created_at ON webhook_delivery (created_at);

CREATE TABLE webhook_attempt (
  delivery_id text NOT NULL REFERENCES webhook_delivery (id) ON DELETE CASCADE,
  -- The delivery's `tries` when it was begun.
  n           integer NOT NULL,
  -- Null where there was no answer; then `error` says why.
  status_code integer,
  duration_ms integer NOT NULL,
  error       text,
  -- The first KiB of the answer.
  response    text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (delivery_id, n)
);

-- What an operator is told of becomes deliveries once, by whoever sets this.
ALTER TABLE operator_event ADD COLUMN is_handed_on boolean NOT NULL DEFAULT false;
CREATE INDEX operator_event_to_hand_on ON operator_event (id) WHERE NOT is_handed_on;
