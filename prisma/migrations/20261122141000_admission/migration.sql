-- Admission: how many of a lane's accounts are in service (null where an earlier release wrote the row), and the count that an accept
-- reserves its place by.
ALTER TABLE lane_state ADD COLUMN serving integer;

-- Open generations of a key, or all of them where it is null; not counted beyond the limit.
CREATE FUNCTION count_open_generations(key text, most integer) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF key IS NULL THEN
    RETURN (SELECT count(*) FROM (SELECT FROM generation WHERE state IN ('queued', 'running') LIMIT most) AS opened);
  END IF;
  RETURN (SELECT count(*) FROM (
    SELECT FROM generation WHERE api_key_id = key AND state IN ('queued', 'running') LIMIT most) AS opened);
END $$;

-- Whether one more may be opened; kept true until the caller's transaction ends, by a lock it holds. Far from the limit accepts share the
-- lock and do not wait for each other: no more of them than connections can be under way unseen. Near it they go one after another.
-- Volatile on purpose: each statement in it sees what was committed before it began, the count what was committed before the lock.
CREATE FUNCTION admit_generation(key text, most integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  most_unseen integer := current_setting('max_connections')::integer;
  lock_key bigint := hashtextextended('admission ' || coalesce(key, ''), 0);
  opened integer;
BEGIN
  BEGIN
    PERFORM pg_advisory_xact_lock_shared(lock_key);
    opened := count_open_generations(key, most);
    IF opened + most_unseen < most THEN
      RETURN true;
    END IF;
    IF opened >= most THEN
      RETURN false;
    END IF;
    -- Gives the shared lock back: two that share it could not both make it their own.
    RAISE EXCEPTION 'near the limit' USING ERRCODE = 'RLY01';
  EXCEPTION WHEN SQLSTATE 'RLY01' THEN
    PERFORM pg_advisory_xact_lock(lock_key);
  END;
  RETURN count_open_generations(key, most) < most;
END $$;
