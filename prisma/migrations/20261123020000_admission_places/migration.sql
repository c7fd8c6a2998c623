-- A statement of several accepts asked for a place once for its key and once for all, and was given two. Two gateways under load used all
-- four up, and a third one wrote its accepts one by one. Now a statement asks once, and there are eight.

-- Sixteen of one statement at most, and eight of these statements at once: each connection has one, those eight have fifteen more.
CREATE OR REPLACE FUNCTION most_unseen_admissions() RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT current_setting('max_connections')::integer + 8 * 15
$$;

-- Whether the caller's transaction may write several. Before it asks for a number: what must not be unseen by a count is in this order.
CREATE FUNCTION take_admission_place() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  FOR place IN 1..8 LOOP
    IF pg_try_advisory_xact_lock(hashtextextended('admission of several ' || place, 0)) THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;

-- Whether `count` more may be opened by who has a place, kept true until the caller's transaction ends. Never near a limit: there they are
-- to be asked for one by one.
CREATE FUNCTION admit_several(key text, most integer, count integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  no bigint;
BEGIN
  -- Not given where somebody near the limit has the lock, or waits for it.
  IF count > 16 OR NOT pg_try_advisory_xact_lock_shared(hashtextextended('admission ' || coalesce(key, ''), 0)) THEN
    RETURN false;
  END IF;
  FOR taken IN 1..count LOOP
    no := nextval('admission_no');
  END LOOP;
  RETURN EXISTS (
    SELECT FROM admission_mark AS mark
    WHERE mark.key = coalesce(admit_several.key, '') AND mark.at_no <= no
      AND mark.opened + (no - mark.at_no) + most_unseen_admissions() < most
  );
END $$;

-- As the release before asks for both.
CREATE OR REPLACE FUNCTION admit_generations(key text, most integer, count integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF take_admission_place() THEN
    RETURN admit_several(key, most, count);
  END IF;
  RETURN false;
END $$;
