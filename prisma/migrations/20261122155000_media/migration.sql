-- How long media are kept, and the records of what was made.
-- The file is gone, by age or for room; the row stays with its generation, so that a link to it can say so.
ALTER TABLE asset ADD COLUMN removed_at timestamptz;

ALTER TABLE generation ADD COLUMN media_removed_at timestamptz;
