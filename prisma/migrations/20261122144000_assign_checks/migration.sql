-- Two foreign keys looked up the account of every assignment once more each, though the attempt that is opened by the same statement names
-- the same account and has a foreign key of its own. What they kept out is kept out where it costs nothing: the count of slots finds the
-- account anyway, and accounts are hidden, not deleted.
DO $$ BEGIN LOCK TABLE generation, token_slot, token IN ACCESS EXCLUSIVE MODE; END $$;

CREATE OR REPLACE FUNCTION count_token_slots() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  accounts integer;
  found_accounts integer;
BEGIN
  IF TG_OP = 'INSERT' THEN
    WITH change AS MATERIALIZED (
      SELECT token_id, (count(*) FILTER (WHERE kind = 'image'))::integer AS images, (count(*) FILTER (WHERE kind = 'video'))::integer AS videos
      FROM added GROUP BY token_id
    ), changed AS (
      UPDATE token SET image_used = image_used + images, video_used = video_used + videos, last_assigned_at = clock_timestamp()
      FROM change WHERE token.id = change.token_id RETURNING token.id
    )
    SELECT (SELECT count(*) FROM change), (SELECT count(*) FROM changed) INTO accounts, found_accounts;
  ELSIF TG_OP = 'DELETE' THEN
    UPDATE token SET image_used = image_used - images, video_used = video_used - videos
    FROM (
      SELECT token_id, (count(*) FILTER (WHERE kind = 'image'))::integer AS images, (count(*) FILTER (WHERE kind = 'video'))::integer AS videos
      FROM removed GROUP BY token_id
    ) AS change WHERE token.id = change.token_id;
  ELSIF TG_OP = 'UPDATE' THEN
    -- A step hands its slot to the next one, which changes nothing here.
    WITH change AS MATERIALIZED (
      SELECT token_id, coalesce((sum(n) FILTER (WHERE kind = 'image'))::integer, 0) AS images,
        coalesce((sum(n) FILTER (WHERE kind = 'video'))::integer, 0) AS videos
      FROM (SELECT token_id, kind, 1 AS n FROM added UNION ALL SELECT token_id, kind, -1 FROM removed) AS slot (token_id, kind, n)
      GROUP BY token_id
    ), moved AS MATERIALIZED (
      SELECT * FROM change WHERE images <> 0 OR videos <> 0
    ), changed AS (
      UPDATE token SET image_used = image_used + moved.images, video_used = video_used + moved.videos
      FROM moved WHERE token.id = moved.token_id RETURNING token.id
    )
    SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM changed) INTO accounts, found_accounts;
  ELSE
    UPDATE token SET image_used = 0, video_used = 0 WHERE image_used <> 0 OR video_used <> 0;
  END IF;
  IF accounts <> found_accounts THEN
    RAISE EXCEPTION 'a slot is only held on an account that exists' USING ERRCODE = 'foreign_key_violation', TABLE = 'token_slot';
  END IF;
  RETURN NULL;
END $$;

-- After the row is locked, so that no slot comes in between: whoever adds one changes the row first.
CREATE FUNCTION refuse_token_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.id = OLD.id THEN
    RETURN NULL;
  END IF;
  IF EXISTS (SELECT FROM token_slot WHERE token_id = OLD.id) OR EXISTS (SELECT FROM generation WHERE token_id = OLD.id) THEN
    RAISE EXCEPTION 'account % has work; it can be hidden, not removed', OLD.id USING ERRCODE = 'foreign_key_violation', TABLE = 'token';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER token_removed AFTER DELETE OR UPDATE OF id ON token FOR EACH ROW EXECUTE FUNCTION refuse_token_removal();

ALTER TABLE token_slot DROP CONSTRAINT token_slot_token_id_fkey;
ALTER TABLE generation DROP CONSTRAINT generation_token_id_fkey;
