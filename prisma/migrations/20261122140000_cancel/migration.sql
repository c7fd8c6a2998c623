-- Cancelling and deleting: what the upstream is told, files that nothing refers to any more, and rows that go when their work is over.
ALTER TABLE submit_attempt
  -- Times the upstream was told that nobody wants the task any more, and when it took notice.
  ADD COLUMN cancel_tries integer NOT NULL DEFAULT 0,
  ADD COLUMN cancelled_at timestamptz;

-- Files in the store that no asset refers to: noted before a result is written, taken out in the transaction that makes it an asset, and
-- put in by the one that deletes an asset. Whatever crashes in between, a timer finds the file here.
CREATE TABLE loose_file (
  storage_key   text PRIMARY KEY,
  -- Null where it belonged to none. No foreign key: the file may outlive the row.
  generation_id text,
  remove_at     timestamptz NOT NULL,
  -- Somebody may still be writing it until then, so it is removed once more.
  keep_until    timestamptz NOT NULL
);
CREATE INDEX loose_file_due ON loose_file (remove_at);
CREATE INDEX loose_file_generation ON loose_file (generation_id) WHERE generation_id IS NOT NULL;

-- Bare rows that are removed when their last attempt is over.
CREATE INDEX generation_deleted ON generation (deleted_at) WHERE deleted_at IS NOT NULL;
-- Asked when one of them is removed.
CREATE INDEX idempotency_generation ON idempotency (generation_id);

-- What was used stays booked when its generation is deleted: the row names an owner, a key, a model and a time, and nothing that was said.
ALTER TABLE usage DROP CONSTRAINT usage_generation_id_fkey;
