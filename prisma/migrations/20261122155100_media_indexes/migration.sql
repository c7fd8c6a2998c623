-- Apart from the columns, so that everything else goes on reading while they are built.
-- From the oldest: whose media may go next, and which is next to be forgotten itself.
CREATE INDEX generation_with_media ON generation (completed_at)
  WHERE completed_at IS NOT NULL AND media_removed_at IS NULL AND deleted_at IS NULL;
CREATE INDEX generation_ended ON generation (completed_at) WHERE completed_at IS NOT NULL AND deleted_at IS NULL;
