-- Every assignment and every slot that comes free changes an account's row, and each of the seven indexes that kept accounts in order for a
-- strategy was written anew for it, though one strategy is in use at a time. Now the row knows by which it is kept in order, and there is one
-- index per kind. All accounts change when the setting does. The release before sorts what it finds; it finds the same.
DO $$ BEGIN LOCK TABLE setting, token IN ACCESS EXCLUSIVE MODE; END $$;

-- What is set, as the apps read it: what they would not accept counts as not set.
CREATE FUNCTION assign_strategy() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT value #>> '{}' FROM setting WHERE key = 'assign.strategy'
      AND value #>> '{}' IN ('least-loaded', 'round-robin', 'random', 'weighted', 'most-remaining-quota')
  ), 'least-loaded')
$$;

-- A constant first, for which no row is written.
ALTER TABLE token ADD COLUMN ordered_by text NOT NULL DEFAULT 'least-loaded';
ALTER TABLE token ALTER COLUMN ordered_by SET DEFAULT assign_strategy();

-- Whoever adds an account meanwhile is waited for, or waits and then finds what is set.
CREATE FUNCTION order_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' OR coalesce(NEW.key, OLD.key) = 'assign.strategy' THEN
    LOCK TABLE token IN SHARE ROW EXCLUSIVE MODE;
    UPDATE token SET ordered_by = strategy FROM assign_strategy() AS strategy WHERE ordered_by <> strategy;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER setting_changed AFTER INSERT OR UPDATE OR DELETE ON setting FOR EACH ROW EXECUTE FUNCTION order_tokens();
CREATE TRIGGER setting_truncated AFTER TRUNCATE ON setting FOR EACH STATEMENT EXECUTE FUNCTION order_tokens();
UPDATE token SET ordered_by = strategy FROM assign_strategy() AS strategy WHERE ordered_by <> strategy;

DROP INDEX token_free_video_load, token_free_video_turn, token_free_video_weight, token_free_video_quota,
  token_free_image_load, token_free_image_turn, token_free_image_weight;
-- The expressions and conditions are those of packages/db/src/assign/token-order.ts, word for word. An account without a limit of its own
-- counts as one of a thousand slots; images have no quota to compare; who has none to name has just begun anew, or never was short.
CREATE INDEX token_free_video ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), (CASE ordered_by WHEN 'least-loaded' THEN video_used::real / (CASE WHEN video_limit < 0 THEN 1000 ELSE greatest(video_limit, 1) END) WHEN 'weighted' THEN video_used::real / weight WHEN 'most-remaining-quota' THEN -remaining::real ELSE 0 END) NULLS FIRST, last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND video_enabled AND (video_limit < 0 OR video_used < video_limit);
CREATE INDEX token_free_image ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), (CASE ordered_by WHEN 'least-loaded' THEN image_used::real / (CASE WHEN image_limit < 0 THEN 1000 ELSE greatest(image_limit, 1) END) WHEN 'weighted' THEN image_used::real / weight WHEN 'most-remaining-quota' THEN image_used::real / (CASE WHEN image_limit < 0 THEN 1000 ELSE greatest(image_limit, 1) END) ELSE 0 END) NULLS FIRST, last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND image_enabled AND (image_limit < 0 OR image_used < image_limit);
