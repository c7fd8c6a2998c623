-- The truth of Reelay. What must never be is refused here, whatever the code above does:
-- unknown states, two open attempts for one step, two holders of a slot, an event seq twice, a terminal row changing its state.

CREATE TABLE owner (
  id         text PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_key (
  id           text PRIMARY KEY,
  owner_id     text NOT NULL REFERENCES owner (id),
  name         text NOT NULL,
  prefix       text NOT NULL,
  mac          bytea NOT NULL UNIQUE,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
CREATE INDEX api_key_owner_id ON api_key (owner_id);

-- An upstream account. Secrets are sealed before they come here.
CREATE TABLE token (
  id                    text PRIMARY KEY,
  provider              text NOT NULL,
  target                text NOT NULL,
  identity              text NOT NULL,
  label                 text NOT NULL,
  plan                  text CHECK (plan IN ('free', 'plus', 'team', 'pro')),
  sora2                 boolean,
  access_token_sealed   text NOT NULL,
  access_token_hint     text NOT NULL,
  session_token_sealed  text,
  refresh_token_sealed  text,
  client_id             text,
  proxy_sealed          text,
  credential_version    integer NOT NULL DEFAULT 1,
  expires_at            timestamptz,
  image_limit           integer NOT NULL DEFAULT 1 CHECK (image_limit >= -1),
  video_limit           integer NOT NULL DEFAULT 3 CHECK (video_limit >= -1),
  image_enabled         boolean NOT NULL DEFAULT true,
  video_enabled         boolean NOT NULL DEFAULT true,
  state                 text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'needs_attention', 'disabled')),
  state_reason          text,
  image_cooling_until   timestamptz,
  video_cooling_until   timestamptz,
  remaining             integer,
  resets_at             timestamptz,
  inspected_at          timestamptz,
  -- People use this account too, so an unknown task on its lists may be theirs.
  used_by_people        boolean NOT NULL DEFAULT false,
  last_assigned_at      timestamptz,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  hidden_at             timestamptz
);
CREATE UNIQUE INDEX token_identity ON token (provider, target, identity) WHERE hidden_at IS NULL;

CREATE TABLE generation (
  id                text PRIMARY KEY,
  owner_id          text NOT NULL REFERENCES owner (id),
  api_key_id        text REFERENCES api_key (id),
  dialect           text NOT NULL CHECK (dialect IN ('chat', 'videos', 'images')),
  kind              text NOT NULL CHECK (kind IN ('image', 'video', 'character', 'enhance')),
  model             text NOT NULL,
  provider          text NOT NULL,
  lane              text NOT NULL,
  priority          integer NOT NULL DEFAULT 0,
  request           jsonb NOT NULL,
  request_hash      text NOT NULL,
  state             text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  stage             text NOT NULL DEFAULT 'waiting' CHECK (stage IN ('waiting', 'preparing', 'submitting', 'rendering', 'fetching', 'ended')),
  progress          integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  seq               integer NOT NULL DEFAULT 1,
  step              integer NOT NULL DEFAULT 1,
  -- Set while a token works on it; cleared when it goes back to the waiting room.
  token_id          text REFERENCES token (id),
  -- Raised by every assignment and every return: a write that names an older fence is stale.
  fence             bigint NOT NULL DEFAULT 0,
  -- Neither assigned nor run before this instant.
  not_before        timestamptz,
  refusals          integer NOT NULL DEFAULT 0,
  deferrals         integer NOT NULL DEFAULT 0,
  prepared          jsonb,
  -- Addresses the last poll gave, for the finish job.
  media_sources     jsonb,
  finish_tries      integer NOT NULL DEFAULT 0,
  result            jsonb,
  error             jsonb,
  last_refusal      jsonb,
  simulated         boolean NOT NULL DEFAULT false,
  -- How many retries of the client's SDK may still attach instead of making a new generation.
  attachable        integer NOT NULL DEFAULT 0,
  -- Advisory-lock key of the gateway process whose request still waits for the result.
  waiter            bigint,
  created_at        timestamptz NOT NULL DEFAULT now(),
  assigned_at       timestamptz,
  started_at        timestamptz,
  completed_at      timestamptz,
  deadline_at       timestamptz NOT NULL,
  deleted_at        timestamptz,
  CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
  CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (stage = 'ended')),
  CHECK ((stage IN ('rendering', 'fetching')) = (state = 'running')),
  CHECK ((state = 'succeeded') <= (result IS NOT NULL)),
  CHECK ((state IN ('failed', 'cancelled')) <= (error IS NOT NULL))
);
-- The waiting room, in the order assignment reads it.
CREATE INDEX generation_waiting ON generation (lane, priority DESC, created_at, id) WHERE state = 'queued' AND token_id IS NULL;
CREATE INDEX generation_waiting_key ON generation (lane, api_key_id, priority DESC, created_at, id) WHERE state = 'queued' AND token_id IS NULL;
-- Everything that is not over, for timers and limits.
CREATE INDEX generation_open ON generation (state, stage, deadline_at) WHERE state IN ('queued', 'running');
CREATE INDEX generation_open_key ON generation (api_key_id) WHERE state IN ('queued', 'running');
CREATE INDEX generation_owner ON generation (owner_id, created_at DESC, id DESC);
CREATE INDEX generation_attachable ON generation (owner_id, request_hash, created_at DESC) WHERE attachable > 0 OR waiter IS NOT NULL;

-- A token this generation is not given to until its cool-down ends.
CREATE TABLE generation_exclusion (
  generation_id text NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
  token_id      text NOT NULL REFERENCES token (id),
  until         timestamptz NOT NULL,
  PRIMARY KEY (generation_id, token_id)
);

CREATE TABLE generation_event (
  generation_id text NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
  seq           integer NOT NULL,
  type          text NOT NULL CHECK (type IN ('generation.queued', 'generation.progressed', 'generation.succeeded', 'generation.failed', 'generation.cancelled')),
  data          jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (generation_id, seq)
);
CREATE UNIQUE INDEX generation_event_one_end ON generation_event (generation_id)
  WHERE type IN ('generation.succeeded', 'generation.failed', 'generation.cancelled');

-- The submit journal.
CREATE TABLE submit_attempt (
  id              text PRIMARY KEY,
  generation_id   text NOT NULL REFERENCES generation (id),
  step            integer NOT NULL,
  n               integer NOT NULL,
  token_id        text NOT NULL REFERENCES token (id),
  provider        text NOT NULL,
  -- Sealed address of the proxy the attempt began with; it keeps it to its end.
  proxy_sealed    text,
  fence           bigint NOT NULL,
  state           text NOT NULL DEFAULT 'intent'
                  CHECK (state IN ('intent', 'sent', 'acked', 'unknown', 'ended', 'refused', 'not_sent', 'absent', 'lost')),
  -- True where an unknown outcome is found by elimination, which needs one unresolved submit per token.
  takes_turn      boolean NOT NULL,
  known_before    jsonb,
  sent_at         timestamptz,
  acked_at        timestamptz,
  closed_at       timestamptz,
  operation_id    text,
  operation       jsonb,
  -- Reconciliation: clean listings so far and when the first was made.
  clean_listings  integer NOT NULL DEFAULT 0,
  first_clean_at  timestamptz,
  last_listed_at  timestamptz,
  -- The last the upstream said while rendering.
  progress        integer NOT NULL DEFAULT 0,
  reason          text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (generation_id, step, n),
  CHECK ((state IN ('intent', 'sent', 'acked', 'unknown')) = (closed_at IS NULL)),
  CHECK (state NOT IN ('acked', 'ended') OR operation_id IS NOT NULL),
  CHECK (state NOT IN ('sent', 'acked', 'unknown', 'ended', 'absent', 'lost') OR sent_at IS NOT NULL)
);
CREATE UNIQUE INDEX submit_attempt_one_open ON submit_attempt (generation_id, step) WHERE state IN ('intent', 'sent', 'acked', 'unknown');
CREATE UNIQUE INDEX submit_attempt_operation ON submit_attempt (token_id, operation_id) WHERE operation_id IS NOT NULL;
CREATE UNIQUE INDEX submit_attempt_one_turn ON submit_attempt (token_id) WHERE takes_turn AND state IN ('sent', 'unknown');
CREATE INDEX submit_attempt_open_token ON submit_attempt (token_id) WHERE state IN ('intent', 'sent', 'acked', 'unknown');

-- One unit of a token's concurrency. Held by an attempt; after a lost unknown by nobody, until free_at.
CREATE TABLE token_slot (
  token_id   text NOT NULL REFERENCES token (id),
  kind       text NOT NULL CHECK (kind IN ('image', 'video')),
  slot_no    integer NOT NULL CHECK (slot_no >= 0),
  attempt_id text NOT NULL UNIQUE REFERENCES submit_attempt (id),
  free_at    timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (token_id, kind, slot_no)
);
CREATE INDEX token_slot_free_at ON token_slot (free_at) WHERE free_at IS NOT NULL;

CREATE TABLE asset (
  id            text PRIMARY KEY,
  owner_id      text NOT NULL REFERENCES owner (id),
  generation_id text REFERENCES generation (id),
  role          text NOT NULL CHECK (role IN ('result', 'reference')),
  ordinal       integer NOT NULL DEFAULT 0,
  storage_key   text NOT NULL,
  content_type  text NOT NULL,
  size_bytes    bigint NOT NULL,
  sha256        text NOT NULL,
  width         integer,
  height        integer,
  duration_ms   integer,
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX asset_result ON asset (generation_id, ordinal) WHERE role = 'result';

CREATE TABLE setting (
  key        text PRIMARY KEY,
  value      jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- What was said to upstreams, secrets masked, bodies cut, never media.
CREATE TABLE upstream_call (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_id      text,
  generation_id text,
  attempt_id    text,
  operation     text NOT NULL,
  method        text NOT NULL,
  url           text NOT NULL,
  status        integer,
  duration_ms   integer NOT NULL,
  request       text,
  response      text,
  error         text,
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX upstream_call_generation ON upstream_call (generation_id, id) WHERE generation_id IS NOT NULL;
CREATE INDEX upstream_call_created_at ON upstream_call (created_at);

-- Something of ours left upstream: to be removed (cleanUp), or only to be counted (a late answer).
CREATE TABLE upstream_litter (
  id          text PRIMARY KEY,
  token_id    text NOT NULL REFERENCES token (id),
  attempt_id  text REFERENCES submit_attempt (id),
  kind        text NOT NULL,
  reference   jsonb NOT NULL,
  tries       integer NOT NULL DEFAULT 0,
  next_try_at timestamptz,
  done_at     timestamptz,
  last_error  text,
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX upstream_litter_due ON upstream_litter (next_try_at) WHERE done_at IS NULL AND next_try_at IS NOT NULL;

CREATE TABLE idempotency (
  owner_id      text NOT NULL REFERENCES owner (id),
  key           text NOT NULL,
  request_hash  text NOT NULL,
  generation_id text NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
  created_at    timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz NOT NULL,
  PRIMARY KEY (owner_id, key)
);
CREATE INDEX idempotency_expires_at ON idempotency (expires_at);

-- One row a generation: reserved at accept, booked once when a submit is acknowledged, released when it ends without one.
CREATE TABLE usage (
  generation_id text PRIMARY KEY REFERENCES generation (id),
  owner_id      text NOT NULL REFERENCES owner (id),
  api_key_id    text REFERENCES api_key (id),
  kind          text NOT NULL,
  model         text NOT NULL,
  state         text NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'booked', 'released')),
  created_at    timestamptz NOT NULL DEFAULT now(),
  booked_at     timestamptz
);
CREATE INDEX usage_owner ON usage (owner_id, created_at);

-- A round of an in-process timer is claimed by one conditional UPDATE of its row.
CREATE TABLE timer (
  name    text PRIMARY KEY,
  next_at timestamptz NOT NULL DEFAULT now()
);

-- What the gateway knows of the pool, kept by the token-manager.
CREATE TABLE lane_state (
  lane        text PRIMARY KEY,
  -- Tokens that could ever serve the lane, and of them those of simulated targets.
  tokens      integer NOT NULL,
  simulated   integer NOT NULL,
  free_slots  integer NOT NULL,
  waiting     integer NOT NULL,
  -- Why rows wait, in a sentence, and when that changes at the earliest.
  reason      text,
  recovers_at timestamptz,
  updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION refuse_generation_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state IS DISTINCT FROM OLD.state THEN
    RAISE EXCEPTION 'generation % has ended as % and cannot become %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.seq IS DISTINCT FROM OLD.seq THEN
    RAISE EXCEPTION 'generation % has ended; it gets no more events', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state = 'running' AND NEW.state = 'queued' AND NEW.step = OLD.step THEN
    RAISE EXCEPTION 'generation % runs upstream and cannot be queued again', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.seq < OLD.seq OR NEW.progress < OLD.progress OR NEW.fence < OLD.fence OR NEW.step < OLD.step THEN
    RAISE EXCEPTION 'seq, progress, fence and step of generation % only grow', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER generation_change BEFORE UPDATE ON generation FOR EACH ROW EXECUTE FUNCTION refuse_generation_change();

CREATE FUNCTION refuse_attempt_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = OLD.state THEN
    RETURN NEW;
  END IF;
  IF (OLD.state, NEW.state) IN (
    ('intent', 'sent'), ('intent', 'not_sent'), ('intent', 'refused'),
    ('sent', 'acked'), ('sent', 'refused'), ('sent', 'not_sent'), ('sent', 'unknown'),
    ('unknown', 'acked'), ('unknown', 'absent'), ('unknown', 'lost'),
    ('acked', 'ended'), ('acked', 'lost')
  ) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'attempt % cannot go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER submit_attempt_change BEFORE UPDATE ON submit_attempt FOR EACH ROW EXECUTE FUNCTION refuse_attempt_change();
