-- Accepts far from a limit do not count: they know that they are, from an earlier count and the numbers that were given since. Counting
-- thousands of open generations took several times as long as writing one.
CREATE SEQUENCE admission_no;

-- What a key ('' is all of them) had open when it was last counted, by somebody who had taken number `at_no` before. Whatever is missing
-- in the count took its number later, or was under way then.
CREATE TABLE admission_mark (
  key    text PRIMARY KEY,
  opened integer NOT NULL,
  at_no  bigint NOT NULL
) WITH (fillfactor = 50);

-- Nobody waits for a mark that somebody else is writing.
CREATE FUNCTION mark_admission(of_key text, counted integer, no bigint) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM FROM admission_mark WHERE key = of_key FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    UPDATE admission_mark SET opened = counted, at_no = no WHERE key = of_key;
  ELSIF NOT EXISTS (SELECT FROM admission_mark WHERE key = of_key) THEN
    INSERT INTO admission_mark (key, opened, at_no) VALUES (of_key, counted, no) ON CONFLICT DO NOTHING;
  END IF;
END $$;

-- As before, but far from the limit by the mark. Each admission takes its number before it looks, so that those who look later count it.
CREATE OR REPLACE FUNCTION admit_generation(key text, most integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  most_unseen integer := current_setting('max_connections')::integer;
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
