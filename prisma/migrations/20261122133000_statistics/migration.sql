-- What every account did, by day: booked in the transaction that changes the truth, whoever does it, and never recomputed.
ALTER TABLE generation
  -- Whose fault a failure was; null where it is not known, and on rows of the release before.
  ADD COLUMN fault text CHECK (fault IN ('client', 'token', 'proxy', 'upstream'));

-- Bookings wait here until they are summed up. A booking is a new row that nobody else waits for: counters that many transactions raise
-- would stand in every one of them at another place of the lock order.
CREATE TABLE statistics_booking (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Null: no account had it in hand. No foreign key: numbers outlive everything, and a check would lock the account.
  token_id      text,
  -- Of the generation; of the slot where `since` is set; 'account' for a fault that is of no one kind.
  kind          text NOT NULL CHECK (kind IN ('image', 'video', 'character', 'enhance', 'account')),
  at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- A slot was held from then until `at`.
  since         timestamptz,
  submitted     integer NOT NULL DEFAULT 0,
  succeeded     integer NOT NULL DEFAULT 0,
  failed        integer NOT NULL DEFAULT 0,
  client_failed integer NOT NULL DEFAULT 0,
  cancelled     integer NOT NULL DEFAULT 0,
  faults        integer NOT NULL DEFAULT 0,
  -- From the first acknowledged submit to the stored result.
  duration_ms   bigint NOT NULL DEFAULT 0,
  -- Of what failed through the account, its upstream or ourselves.
  error_source  text CHECK (error_source IN ('generation', 'account')),
  error_code    text,
  error_message text,
  generation_id text,
  CHECK ((error_source IS NULL) = (error_code IS NULL))
);

-- A subject is an account's id, or 'pool' for all of them and for what no account had.
CREATE TABLE statistics_day (
  subject       text NOT NULL,
  kind          text NOT NULL,
  -- Of the time zone that was set when it was summed up.
  day           date NOT NULL,
  submitted     bigint NOT NULL,
  succeeded     bigint NOT NULL,
  failed        bigint NOT NULL,
  client_failed bigint NOT NULL,
  cancelled     bigint NOT NULL,
  faults        bigint NOT NULL,
  duration_ms   bigint NOT NULL,
  -- Held slots × milliseconds; a slot held over midnight counts on both days.
  busy_ms       bigint NOT NULL,
  PRIMARY KEY (subject, kind, day)
);

CREATE TABLE statistics_error (
  subject            text NOT NULL,
  kind               text NOT NULL,
  day                date NOT NULL,
  source             text NOT NULL,
  code               text NOT NULL,
  count              bigint NOT NULL,
  last_at            timestamptz NOT NULL,
  last_message       text NOT NULL,
  last_generation_id text,
  PRIMARY KEY (subject, kind, day, source, code)
);
CREATE INDEX statistics_error_last ON statistics_error (subject, last_at DESC);

-- How much of the pool is in use, once per interval.
CREATE TABLE pool_sample (
  at      timestamptz NOT NULL,
  kind    text NOT NULL CHECK (kind IN ('image', 'video')),
  -- Slots that were held, slots of accounts that could work, slots of all accounts that are switched on.
  used    integer NOT NULL,
  ready   integer NOT NULL,
  most    integer NOT NULL,
  waiting integer NOT NULL,
  PRIMARY KEY (at, kind)
);

-- Triggers and not statements beside the changes: a change of state is booked exactly when it is made, by whichever function of whichever
-- release, and by no function that comes too late to make it.
CREATE FUNCTION book_submit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_booking (token_id, kind, submitted, generation_id)
  SELECT NEW.token_id, kind, 1, id FROM generation WHERE id = NEW.generation_id;
  RETURN NULL;
END $$;
-- A generation's first step is acknowledged at most once; those that follow it belong to the same work.
CREATE TRIGGER submit_attempt_booked AFTER UPDATE ON submit_attempt
  FOR EACH ROW WHEN (NEW.state = 'acked' AND OLD.state <> 'acked' AND NEW.step = 1) EXECUTE FUNCTION book_submit();

CREATE FUNCTION book_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_failure boolean := NEW.state = 'failed' AND NEW.fault IS DISTINCT FROM 'client';
BEGIN
  INSERT INTO statistics_booking (
    token_id, kind, succeeded, failed, client_failed, cancelled, duration_ms, error_source, error_code, error_message, generation_id)
  VALUES (
    NEW.token_id, NEW.kind, (NEW.state = 'succeeded')::integer, is_failure::integer,
    (NEW.state = 'failed' AND NOT is_failure)::integer, (NEW.state = 'cancelled')::integer,
    CASE WHEN NEW.state = 'succeeded' THEN
      greatest(0, round(extract(epoch FROM NEW.completed_at - coalesce(NEW.started_at, NEW.completed_at)) * 1000)) ELSE 0 END,
    CASE WHEN is_failure THEN 'generation' END,
    CASE WHEN is_failure THEN coalesce(NEW.error ->> 'code', 'internal_error') END,
    CASE WHEN is_failure THEN NEW.error ->> 'message' END, NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER generation_booked AFTER UPDATE ON generation
  FOR EACH ROW WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL) EXECUTE FUNCTION book_end();

CREATE FUNCTION book_slots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO statistics_booking (token_id, kind, since) SELECT token_id, kind, created_at FROM removed;
  RETURN NULL;
END $$;
CREATE TRIGGER token_slot_booked AFTER DELETE ON token_slot
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION book_slots();

-- What there was before. The triggers' locks keep everybody from changing it until they are there.
INSERT INTO statistics_booking (token_id, kind, at, submitted, generation_id)
SELECT attempt.token_id, kind, acked_at, 1, generation.id
FROM submit_attempt AS attempt JOIN generation ON generation.id = generation_id WHERE acked_at IS NOT NULL AND attempt.step = 1;
INSERT INTO statistics_booking (token_id, kind, at, succeeded, failed, client_failed, cancelled, duration_ms,
  error_source, error_code, error_message, generation_id)
SELECT token_id, kind, completed_at, (state = 'succeeded')::integer, is_failure::integer,
  (state = 'failed' AND NOT is_failure)::integer, (state = 'cancelled')::integer,
  CASE WHEN state = 'succeeded' THEN
    greatest(0, round(extract(epoch FROM completed_at - coalesce(started_at, completed_at)) * 1000)) ELSE 0 END,
  CASE WHEN is_failure THEN 'generation' END, CASE WHEN is_failure THEN coalesce(error ->> 'code', 'internal_error') END,
  CASE WHEN is_failure THEN error ->> 'message' END, id
FROM generation CROSS JOIN LATERAL (SELECT state = 'failed' AND coalesce(error ->> 'code', '') NOT IN (
  'content_policy_violation', 'invalid_reference', 'character_failed', 'not_found', 'remix_needs_publishing', 'model_not_available'
)) AS judged (is_failure)
WHERE completed_at IS NOT NULL;
