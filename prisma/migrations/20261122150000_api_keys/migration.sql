-- What an API key may do and how much of it, and what was used at the price of its moment.
-- In the order in which an accept takes them: the row of its usage names a key.
DO $$ BEGIN LOCK TABLE usage, api_key IN ACCESS EXCLUSIVE MODE; END $$;

ALTER TABLE api_key
  -- Lists of texts; null is everything.
  ADD COLUMN allowed_models jsonb,
  ADD COLUMN allowed_kinds jsonb,
  -- Null is what the settings say, or no limit.
  ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0),
  ADD COLUMN concurrent_limit integer CHECK (concurrent_limit > 0),
  ADD COLUMN queued_limit integer CHECK (queued_limit > 0),
  -- Generations by kind: {"video": 20}. A kind that is missing has no quota.
  ADD COLUMN daily_quota jsonb,
  ADD COLUMN monthly_quota jsonb,
  -- Of its generations; the higher goes first.
  ADD COLUMN priority integer NOT NULL DEFAULT 0,
  -- Out of sight, and its secret forgotten. The row stays for what points at it.
  ADD COLUMN deleted_at timestamptz,
  -- Changed by every start of a key with a concurrent limit: two assignments that counted from the same row cannot both be carried out.
  ADD COLUMN starts bigint NOT NULL DEFAULT 0;

ALTER TABLE usage
  -- By the price when it was booked; null where the model had none.
  ADD COLUMN cost numeric(18, 6),
  ADD COLUMN currency text;

-- Nobody asks by owner any more.
DROP INDEX usage_owner;

-- How many generations of a key are being worked on. Never by reading the whole table, however many of its rows are open.
CREATE FUNCTION count_working(key text) RETURNS integer LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
  RETURN (SELECT count(*) FROM generation WHERE api_key_id = key AND state IN ('queued', 'running') AND token_id IS NOT NULL);
END $$;

-- Where the present `day` or `month` begins. A time zone that this server does not know counts as UTC.
CREATE FUNCTION usage_period_begin(unit text, zone text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN date_trunc(unit, now(), zone);
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN date_trunc(unit, now(), 'UTC');
END $$;

-- Where the next one does: days and months have their length by the zone's own clock.
CREATE FUNCTION usage_period_end(unit text, zone text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (date_trunc(unit, now() AT TIME ZONE zone) + ('1 ' || unit)::interval) AT TIME ZONE zone;
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN (date_trunc(unit, now() AT TIME ZONE 'UTC') + ('1 ' || unit)::interval) AT TIME ZONE 'UTC';
END $$;

-- What of a quota is used in the present day or month, so that an accept need not count. Made of the rows of `usage` by the first accept that
-- needs it, kept by the triggers below, and thrown away when the quota is changed. Never the truth: whatever is missing is counted again.
CREATE TABLE key_quota (
  api_key_id text        NOT NULL REFERENCES api_key (id),
  kind       text        NOT NULL,
  period     text        NOT NULL CHECK (period IN ('day', 'month')),
  -- By the time zone of that moment; another one makes another row.
  begins_at  timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL,
  used       integer     NOT NULL,
  PRIMARY KEY (api_key_id, kind, period, begins_at)
);

-- Whether the row was counted when it was written: only for keys with a quota of its kind.
ALTER TABLE usage ADD COLUMN is_metered boolean NOT NULL DEFAULT false;

-- What a key has reserved or booked of a kind since then.
CREATE FUNCTION count_usage(key text, wanted text, since timestamptz) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (SELECT count(*) FROM usage WHERE api_key_id = key AND usage.kind = wanted AND created_at >= since AND state <> 'released');
END $$;

-- The same for the present day or month, by what is kept of it where something is.
CREATE FUNCTION quota_used(key text, wanted text, unit text, zone text) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  since timestamptz := usage_period_begin(unit, zone);
  known integer;
BEGIN
  SELECT used INTO known FROM key_quota WHERE api_key_id = key AND kind = wanted AND period = unit AND begins_at = since;
  RETURN coalesce(known, count_usage(key, wanted, since));
END $$;

-- The lock keeps releases of rows that are being counted out; nobody who asks for it holds a row of `key_quota`.
CREATE FUNCTION begin_quota(key text, wanted text, unit text, zone text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  since timestamptz := usage_period_begin(unit, zone);
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('quota ' || wanted || ' ' || key, 0));
  DELETE FROM key_quota WHERE api_key_id = key AND kind = wanted AND period = unit AND ends_at <= now();
  INSERT INTO key_quota (api_key_id, kind, period, begins_at, ends_at, used)
  VALUES (key, wanted, unit, since, usage_period_end(unit, zone), count_usage(key, wanted, since))
  ON CONFLICT DO NOTHING;
END $$;

-- Null when one more may be reserved, else the period whose quota is spent. Kept true until the caller's transaction ends, by the rows it
-- locks: accepts of one key and kind with a quota go one after another. The usage row it then writes must be `is_metered`.
CREATE FUNCTION admit_usage(key text, wanted text, daily integer, monthly integer, zone text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  unit text;
  since timestamptz;
  most integer;
  known integer;
  is_complete boolean := false;
  is_holding boolean := false;
BEGIN
  -- A queue of accepts is no deadlock: the line may be as long as a statement has time.
  PERFORM set_config('lock_timeout', '8s', true);
  WHILE NOT is_complete LOOP
    -- Made before any is locked.
    FOREACH unit IN ARRAY ARRAY['day', 'month'] LOOP
      since := usage_period_begin(unit, zone);
      most := CASE unit WHEN 'day' THEN daily ELSE monthly END;
      IF most IS NOT NULL AND NOT EXISTS (SELECT FROM key_quota WHERE api_key_id = key AND kind = wanted AND period = unit AND begins_at = since) THEN
        PERFORM begin_quota(key, wanted, unit, zone);
      END IF;
    END LOOP;
    is_complete := true;
    -- Everybody locks the day before the month.
    FOREACH unit IN ARRAY ARRAY['day', 'month'] LOOP
      most := CASE unit WHEN 'day' THEN daily ELSE monthly END;
      CONTINUE WHEN most IS NULL;
      since := usage_period_begin(unit, zone);
      SELECT used INTO known FROM key_quota WHERE api_key_id = key AND kind = wanted AND period = unit AND begins_at = since
      FOR NO KEY UPDATE;
      IF NOT FOUND THEN
        -- The quota was changed at this moment. Whoever holds a row may not ask for the lock of `begin_quota`; the caller tries again.
        IF is_holding THEN
          RAISE EXCEPTION 'the quota of a key was changed at this moment' USING ERRCODE = 'serialization_failure';
        END IF;
        is_complete := false;
        EXIT;
      END IF;
      is_holding := true;
      IF known >= most THEN
        RETURN unit;
      END IF;
    END LOOP;
  END LOOP;
  RETURN NULL;
END $$;

CREATE FUNCTION meter_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('quota ' || NEW.kind || ' ' || NEW.api_key_id, 0));
  END IF;
  -- In the order in which accepts lock them; an UPDATE would take them as it finds them.
  PERFORM FROM key_quota
  WHERE api_key_id = NEW.api_key_id AND kind = NEW.kind AND begins_at <= NEW.created_at AND ends_at > NEW.created_at
  ORDER BY period, begins_at FOR NO KEY UPDATE;
  UPDATE key_quota SET used = used + CASE WHEN NEW.state = 'released' THEN -1 ELSE 1 END
  WHERE api_key_id = NEW.api_key_id AND kind = NEW.kind AND begins_at <= NEW.created_at AND ends_at > NEW.created_at;
  RETURN NULL;
END $$;

CREATE TRIGGER usage_reserved AFTER INSERT ON usage FOR EACH ROW WHEN (NEW.is_metered) EXECUTE FUNCTION meter_usage();

-- Of every key: when the row was written there may not have been a quota yet.
CREATE TRIGGER usage_released AFTER UPDATE ON usage FOR EACH ROW
WHEN (NEW.api_key_id IS NOT NULL AND (OLD.state = 'released') <> (NEW.state = 'released')) EXECUTE FUNCTION meter_usage();
