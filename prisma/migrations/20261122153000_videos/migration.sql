-- Pictures made of a finished video on demand: one of each kind, stored beside it and removed with it.
ALTER TABLE asset DROP CONSTRAINT asset_role_check;
ALTER TABLE asset ADD CONSTRAINT asset_role_check CHECK (role IN ('result', 'reference', 'thumbnail', 'spritesheet'));
CREATE UNIQUE INDEX asset_variant ON asset (generation_id, role) WHERE role IN ('thumbnail', 'spritesheet');
