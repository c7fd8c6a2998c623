-- Pages of one kind, without reading what an owner has of the others. Most are videos; each generation stands in one of the two.
CREATE INDEX generation_videos ON generation (owner_id, created_at DESC, id DESC) WHERE kind = 'video';
CREATE INDEX generation_other_kinds ON generation (owner_id, kind, created_at DESC, id DESC) WHERE kind <> 'video';
