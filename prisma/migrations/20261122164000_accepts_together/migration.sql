-- Accepts that come at the same moment are written by one statement. It may hold several generations that nobody sees before its commit,
-- so what a count may miss is more than one for each connection.

-- Sixteen of one statement at most, and four of these statements at once: each connection has one, those four have fifteen more.
CREATE FUNCTION most_unseen_admissions() RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT current_setting('max_connections')::integer + 4 * 15
$$;

-- Whether `count` more may be opened, kept true until the caller's transaction ends. Never near a limit: there they are to be asked for one
-- by one. What must not be unseen by a count is in this order: the place among the four, the numbers, the look at the mark.
CREATE FUNCTION admit_generations(key text, most integer, count integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  has_place boolean := false;
  no bigint;
BEGIN
  IF count > 16 THEN
    RETURN false;
  END IF;
  FOR place IN 1..4 LOOP
    has_place := pg_try_advisory_xact_lock(hashtextextended('admission of several ' || place, 0));
    EXIT WHEN has_place;
  END LOOP;
  -- Not given where somebody near the limit has the lock, or waits for it.
  IF NOT has_place OR NOT pg_try_advisory_xact_lock_shared(hashtextextended('admission ' || coalesce(key, ''), 0)) THEN
    RETURN false;
  END IF;
  FOR taken IN 1..count LOOP
    no := nextval('admission_no');
  END LOOP;
  RETURN EXISTS (
    SELECT FROM admission_mark AS mark
    WHERE mark.key = coalesce(admit_generations.key, '') AND mark.at_no <= no
      AND mark.opened + (no - mark.at_no) + most_unseen_admissions() < most
  );
END $$;

-- As before, but for what may be unseen.
CREATE OR REPLACE FUNCTION admit_generation(key text, most integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  most_unseen integer := most_unseen_admissions();
  lock_key bigint := hashtextextended('admission ' || coalesce(key, ''), 0);
  no bigint := nextval('admission_no');
  opened integer;
BEGIN
  BEGIN
    -- Not given where somebody near the limit has the lock, or waits for it.
    IF pg_try_advisory_xact_lock_shared(lock_key) THEN
      -- A mark from ahead is of a database that was restored with older numbers.
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
