-- What `count_working` counts: a key may have many that wait, and few that are worked on.
CREATE INDEX generation_working_key ON generation (api_key_id) WHERE state IN ('queued', 'running') AND token_id IS NOT NULL;
