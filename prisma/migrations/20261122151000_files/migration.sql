-- Images and videos that clients upload once and name by their id in requests.
-- What they hold is stored once per owner and content: several files may share it, and references of generations are assets of the same
-- storage key. It is removed when neither a file nor an asset names it any more.
CREATE TABLE file_object (
  storage_key  text PRIMARY KEY,
  owner_id     text NOT NULL REFERENCES owner (id),
  sha256       text NOT NULL,
  content_type text NOT NULL,
  size_bytes   bigint NOT NULL CHECK (size_bytes > 0),
  width        integer,
  height       integer,
  created_at   timestamptz NOT NULL DEFAULT now(),
  -- When it is to be found out whether anything names it.
  check_at     timestamptz
);
CREATE UNIQUE INDEX file_object_content ON file_object (owner_id, sha256);
CREATE INDEX file_object_check ON file_object (check_at) WHERE check_at IS NOT NULL;

CREATE TABLE file (
  id          text PRIMARY KEY,
  owner_id    text NOT NULL REFERENCES owner (id),
  storage_key text NOT NULL REFERENCES file_object (storage_key),
  name        text NOT NULL,
  purpose     text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz
);
CREATE INDEX file_owner ON file (owner_id, id);
CREATE INDEX file_of_object ON file (storage_key);
CREATE INDEX file_expires ON file (expires_at) WHERE expires_at IS NOT NULL;

-- Asked of an object that no file names.
CREATE INDEX asset_reference_key ON asset (storage_key) WHERE role = 'reference';
