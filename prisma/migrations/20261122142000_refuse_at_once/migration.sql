-- As before, but who is refused by what has been committed waits for nobody: under overload nearly all are, and they queued up behind the
-- few that came near the limit.
CREATE OR REPLACE FUNCTION admit_generation(key text, most integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  most_unseen integer := current_setting('max_connections')::integer;
  lock_key bigint := hashtextextended('admission ' || coalesce(key, ''), 0);
  opened integer;
BEGIN
  BEGIN
    -- Not given where somebody near the limit has the lock, or waits for it.
    IF pg_try_advisory_xact_lock_shared(lock_key) THEN
      opened := count_open_generations(key, most);
      IF opened + most_unseen < most THEN
        RETURN true;
      END IF;
      IF opened >= most THEN
        RETURN false;
      END IF;
      -- Gives the shared lock back: two that share it could not both make it their own.
      RAISE EXCEPTION 'near the limit' USING ERRCODE = 'RLY01';
    END IF;
  EXCEPTION WHEN SQLSTATE 'RLY01' THEN
    NULL;
  END;
  IF count_open_generations(key, most) >= most THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(lock_key);
  RETURN count_open_generations(key, most) < most;
END $$;
