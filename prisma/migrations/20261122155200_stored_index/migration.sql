-- Apart from those of the generations: nobody who writes both tables can wait for it while it waits for him.
-- What is stored, and of it what each owner has.
CREATE INDEX asset_stored ON asset (owner_id, size_bytes) WHERE removed_at IS NULL;
