import type { Queryable } from '../client.js';

export interface FileReference {
  /** A ULID for the asset. */
  id: string;
  fileId: string;
  ownerId: string;
}

/**
 * Makes a client's file a reference: an asset of the same stored bytes, which stay for as long as either is there. False when the owner
 * has no such file (any more).
 */
export async function insertFileReference(
  database: Queryable,
  { id, fileId, ownerId }: FileReference,
): Promise<boolean> {
  // The lock keeps the bytes from being removed, or waits until they are and then finds nothing.
  const inserted = await database.$executeRaw`
    WITH object AS (
      SELECT object.* FROM file JOIN file_object AS object ON object.storage_key = file.storage_key
      WHERE file.id = ${fileId} AND file.owner_id = ${ownerId} AND (expires_at IS NULL OR expires_at > now())
      FOR KEY SHARE OF object
    )
    INSERT INTO asset (id, owner_id, role, storage_key, content_type, size_bytes, sha256, width, height)
    SELECT ${id}, owner_id, 'reference', storage_key, content_type, size_bytes, sha256, width, height FROM object`;
  return inserted === 1;
}
