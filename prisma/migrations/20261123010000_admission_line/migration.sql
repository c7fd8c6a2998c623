-- Near a limit accepts take an exclusive lock, and whoever came meanwhile found it taken and took it too: the line never ended while there
-- was load, however far from the limit things were again, and accepts were written one by one. Now who is far from it waits for those that
-- are near, shares the lock with all others, and leaves a mark.
CREATE OR REPLACE FUNCTION admit_generation(key text, most integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  most_unseen integer := most_unseen_admissions();
  lock_key bigint := hashtextextended('admission ' || coalesce(key, ''), 0);
  no bigint := nextval('admission_no');
  opened integer;
  is_shared boolean;
BEGIN
  BEGIN
    -- Not given where somebody near the limit has the lock, or waits for it.
    is_shared := pg_try_advisory_xact_lock_shared(lock_key);
    IF NOT is_shared AND count_open_generations(key, most) + most_unseen < most THEN
      PERFORM pg_advisory_xact_lock_shared(lock_key);
      is_shared := true;
    END IF;
    IF is_shared THEN
      -- A mark from ahead is of a database that was restored with older numbers, or of somebody who did not have to wait.
      IF EXISTS (
        SELECT FROM admission_mark AS mark
        WHERE mark.key = coalesce(admit_generation.key, '') AND mark.at_no <= no AND mark.opened + (no - mark.at_no) + most_unseen < most
      ) THEN
        RETURN true;
      END IF;
      opened := count_open_generations(key, most);
      IF opened + most_unseen < most THEN
        PERFORM mark_admission(coalesce(key, ''), opened, no);
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

-- The first mark of all was waited for by everybody until whoever wrote it had committed. This one says that nothing is known.
INSERT INTO admission_mark (key, opened, at_no) VALUES ('', 2147483647, 0) ON CONFLICT DO NOTHING;

-- Who has locked an account's row and is about to write to it is waited for too: it and this one would wait for each other otherwise.
CREATE OR REPLACE FUNCTION order_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' OR coalesce(NEW.key, OLD.key) = 'assign.strategy' THEN
    LOCK TABLE token IN EXCLUSIVE MODE;
    UPDATE token SET ordered_by = strategy FROM assign_strategy() AS strategy WHERE ordered_by <> strategy;
  END IF;
  RETURN NULL;
END $$;
