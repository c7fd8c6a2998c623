-- How long media are kept, and the records of what was made.
-- The file is gone, by age or for room; the row stays with its generation, so that a link to it can say so.
ALTER TABLE asset ADD COLUMN removed_at timestamptz;
-- What is stored, and of it what each owner has.
CREATE INDEX asset_stored ON asset (owner_id, size_bytes) WHERE removed_at IS NULL;

ALTER TABLE generation ADD COLUMN media_removed_at timestamptz;
-- From the oldest: whose media may go next, and which is next to be forgotten itself.
CREATE INDEX generation_with_media ON generation (completed_at)
  WHERE completed_at IS NOT NULL AND media_removed_at IS NULL AND deleted_at IS NULL;
CREATE INDEX generation_ended ON generation (completed_at) WHERE completed_at IS NOT NULL AND deleted_at IS NULL;
