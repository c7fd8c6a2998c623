-- Apart from its column, so that everything else goes on reading while it is built.
CREATE INDEX generation_group ON generation (group_id, id) WHERE group_id IS NOT NULL;
