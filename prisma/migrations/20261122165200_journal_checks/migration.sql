-- Two foreign keys looked up each row alone of what an assignment writes by fifties: an attempt's generation and a slot's attempt. What they
-- kept out is kept out by the triggers below, which look all rows up at once when they are inserted; in order of the locks, as they did. The
-- rows are known to be right, so nothing is read; the tables are locked for the moment of the exchange only.
DO $$ BEGIN LOCK TABLE generation, submit_attempt, token_slot IN ACCESS EXCLUSIVE MODE; END $$;

-- The lock is that of a foreign key: whoever removes the row meanwhile is waited for, or waits and then finds what was added.
CREATE FUNCTION refuse_added_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM added WHERE NOT EXISTS (SELECT FROM generation WHERE id = added.generation_id FOR KEY SHARE)) THEN
    RAISE EXCEPTION 'an attempt is only made for a generation that exists' USING ERRCODE = 'foreign_key_violation', TABLE = 'submit_attempt';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER submit_attempt_added AFTER INSERT ON submit_attempt
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_added_attempts();

CREATE FUNCTION refuse_added_slots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM added WHERE NOT EXISTS (SELECT FROM submit_attempt WHERE id = added.attempt_id FOR KEY SHARE)) THEN
    RAISE EXCEPTION 'a slot is only held by an attempt that exists' USING ERRCODE = 'foreign_key_violation', TABLE = 'token_slot';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER token_slot_held AFTER INSERT ON token_slot
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_added_slots();

-- Few change hands at a time: a step passes its slot to the next.
CREATE FUNCTION refuse_passed_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'submit_attempt' THEN
    PERFORM FROM generation WHERE id = NEW.generation_id FOR KEY SHARE;
  ELSE
    PERFORM FROM submit_attempt WHERE id = NEW.attempt_id FOR KEY SHARE;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a row of % can only be passed on to one that exists', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER submit_attempt_passed_on AFTER UPDATE OF generation_id ON submit_attempt FOR EACH ROW EXECUTE FUNCTION refuse_passed_on();
CREATE TRIGGER token_slot_passed_on AFTER UPDATE OF attempt_id ON token_slot FOR EACH ROW EXECUTE FUNCTION refuse_passed_on();

CREATE FUNCTION refuse_generation_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    -- As `CASCADE` does along a foreign key; without that word others still refuse.
    IF EXISTS (SELECT FROM submit_attempt) THEN
      TRUNCATE submit_attempt CASCADE;
    END IF;
  ELSIF (TG_OP = 'DELETE' OR NEW.id <> OLD.id) AND EXISTS (SELECT FROM submit_attempt WHERE generation_id = OLD.id) THEN
    RAISE EXCEPTION 'generation % has attempts; they go first', OLD.id USING ERRCODE = 'foreign_key_violation', TABLE = 'generation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER generation_removed AFTER DELETE OR UPDATE OF id ON generation FOR EACH ROW EXECUTE FUNCTION refuse_generation_removal();
CREATE TRIGGER generation_truncated AFTER TRUNCATE ON generation FOR EACH STATEMENT EXECUTE FUNCTION refuse_generation_removal();

CREATE FUNCTION refuse_attempt_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    IF EXISTS (SELECT FROM token_slot) THEN
      TRUNCATE token_slot;
    END IF;
  ELSIF (TG_OP = 'DELETE' OR NEW.id <> OLD.id) AND EXISTS (SELECT FROM token_slot WHERE attempt_id = OLD.id) THEN
    RAISE EXCEPTION 'attempt % holds a slot; it is freed first', OLD.id USING ERRCODE = 'foreign_key_violation', TABLE = 'submit_attempt';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER submit_attempt_removed AFTER DELETE OR UPDATE OF id ON submit_attempt FOR EACH ROW EXECUTE FUNCTION refuse_attempt_removal();
CREATE TRIGGER submit_attempt_truncated AFTER TRUNCATE ON submit_attempt FOR EACH STATEMENT EXECUTE FUNCTION refuse_attempt_removal();

ALTER TABLE submit_attempt DROP CONSTRAINT submit_attempt_generation_id_fkey;
ALTER TABLE token_slot DROP CONSTRAINT token_slot_attempt_id_fkey;
