-- Several generations of one request (n images): each has its own life, and all name the first of them, by which the request is known again.
-- No foreign key: the first may be deleted and removed while the others stay.
ALTER TABLE generation ADD COLUMN group_id text;
