-- Apart from the accounts, so that everything else goes on reading while it is built; whoever writes generations waits for that long.
-- In place of two of which each change of an open generation wrote both: what a key has open, and of it what is worked on.
CREATE INDEX generation_open_of_key ON generation (api_key_id, (token_id IS NOT NULL)) WHERE state IN ('queued', 'running');
DROP INDEX generation_open_key, generation_working_key;
