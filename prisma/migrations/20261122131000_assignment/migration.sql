-- Assignment asks for free slots many times a second: what it asks by is kept with the account and found in order by an index.
-- Nobody may take or free a slot between the count and the triggers that keep it.
DO $$ BEGIN LOCK TABLE token_slot, token IN ACCESS EXCLUSIVE MODE; END $$;

ALTER TABLE token
  -- Rows of token_slot; only the triggers below write them.
  ADD COLUMN image_used integer NOT NULL DEFAULT 0 CHECK (image_used >= 0),
  ADD COLUMN video_used integer NOT NULL DEFAULT 0 CHECK (video_used >= 0),
  -- For the strategy "weighted": an account of weight 2 has twice as much in hand as one of weight 1.
  ADD COLUMN weight integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000);

-- In the transaction that changes the slots, whoever does it; so the counts cannot drift. The account's row comes after its slots in the
-- lock order, and assignment, which locks it first, waits for no slot. A slot is only inserted to be given work.
CREATE FUNCTION count_token_slots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE token SET image_used = image_used + images, video_used = video_used + videos, last_assigned_at = clock_timestamp()
    FROM (
      SELECT token_id, (count(*) FILTER (WHERE kind = 'image'))::integer AS images, (count(*) FILTER (WHERE kind = 'video'))::integer AS videos
      FROM added GROUP BY token_id
    ) AS change WHERE token.id = change.token_id;
  ELSIF TG_OP = 'DELETE' THEN
    UPDATE token SET image_used = image_used - images, video_used = video_used - videos
    FROM (
      SELECT token_id, (count(*) FILTER (WHERE kind = 'image'))::integer AS images, (count(*) FILTER (WHERE kind = 'video'))::integer AS videos
      FROM removed GROUP BY token_id
    ) AS change WHERE token.id = change.token_id;
  ELSIF TG_OP = 'UPDATE' THEN
    -- A step hands its slot to the next one, which changes nothing here.
    UPDATE token SET image_used = image_used + change.images, video_used = video_used + change.videos
    FROM (
      SELECT token_id, (sum(n) FILTER (WHERE kind = 'image'))::integer AS images, (sum(n) FILTER (WHERE kind = 'video'))::integer AS videos
      FROM (SELECT token_id, kind, 1 AS n FROM added UNION ALL SELECT token_id, kind, -1 FROM removed) AS slot (token_id, kind, n)
      GROUP BY token_id
    ) AS summed
      CROSS JOIN LATERAL (SELECT coalesce(summed.images, 0), coalesce(summed.videos, 0)) AS change (images, videos)
    WHERE token.id = summed.token_id AND (change.images <> 0 OR change.videos <> 0);
  ELSE
    UPDATE token SET image_used = 0, video_used = 0 WHERE image_used <> 0 OR video_used <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER token_slot_added AFTER INSERT ON token_slot
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_token_slots();
CREATE TRIGGER token_slot_removed AFTER DELETE ON token_slot
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_token_slots();
CREATE TRIGGER token_slot_changed AFTER UPDATE ON token_slot
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_token_slots();
CREATE TRIGGER token_slot_truncated AFTER TRUNCATE ON token_slot FOR EACH STATEMENT EXECUTE FUNCTION count_token_slots();

UPDATE token SET image_used = used.images, video_used = used.videos
FROM (
  SELECT token_id, count(*) FILTER (WHERE kind = 'image') AS images, count(*) FILTER (WHERE kind = 'video') AS videos
  FROM token_slot GROUP BY token_id
) AS used WHERE token.id = used.token_id;

-- Accounts with a free slot in the order in which each strategy takes them: the expressions and conditions are those of
-- packages/db/src/assign/token-order.ts, word for word. An account without a limit of its own counts as one of a thousand slots.
CREATE INDEX token_free_video_load ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), (video_used::real / (CASE WHEN video_limit < 0 THEN 1000 ELSE greatest(video_limit, 1) END)), last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND video_enabled AND (video_limit < 0 OR video_used < video_limit);
CREATE INDEX token_free_video_turn ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND video_enabled AND (video_limit < 0 OR video_used < video_limit);
CREATE INDEX token_free_video_weight ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), (video_used::real / weight), last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND video_enabled AND (video_limit < 0 OR video_used < video_limit);
CREATE INDEX token_free_video_quota ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), remaining DESC, last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND video_enabled AND (video_limit < 0 OR video_used < video_limit);
CREATE INDEX token_free_image_load ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), (image_used::real / (CASE WHEN image_limit < 0 THEN 1000 ELSE greatest(image_limit, 1) END)), last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND image_enabled AND (image_limit < 0 OR image_used < image_limit);
CREATE INDEX token_free_image_turn ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND image_enabled AND (image_limit < 0 OR image_used < image_limit);
CREATE INDEX token_free_image_weight ON token
  (provider, ((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer), (image_used::real / weight), last_assigned_at NULLS FIRST, id)
  WHERE state = 'active' AND hidden_at IS NULL AND image_enabled AND (image_limit < 0 OR image_used < image_limit);

-- How fast a lane moves: its latest starts.
CREATE INDEX generation_started ON generation (lane, assigned_at DESC) WHERE assigned_at IS NOT NULL;
ALTER TABLE lane_state
  -- Mean time between the latest starts; null where nothing has started of late.
  ADD COLUMN start_every_ms integer;
