/**
 * An image or video that a client gave. It is stored before its generation is accepted and belongs to none until then (`acceptGeneration`
 * links it); what no generation came to use is swept by age.
 */
import type { Queryable } from '../client.js';

export interface NewReference {
  /** A ULID. */
  id: string;
  ownerId: string;
  storageKey: string;
  contentType: string;
  sizeBytes: number;
  /** Lower-case hex. */
  sha256: string;
  width?: number;
  height?: number;
  durationMs?: number;
}

/** The file comes first (noted by `noteReferenceFile`): a row never names one that is not there. */
export async function insertReference(database: Queryable, reference: NewReference): Promise<void> {
  const { id, ownerId, storageKey, contentType, sizeBytes, sha256 } = reference;
  const { width = null, height = null, durationMs = null } = reference;
  await database.$executeRaw`
    WITH settled AS (DELETE FROM loose_file WHERE storage_key = ${storageKey})
    INSERT INTO asset (id, owner_id, role, storage_key, content_type, size_bytes, sha256, width, height, duration_ms)
    VALUES (${id}, ${ownerId}, 'reference', ${storageKey}, ${contentType}, ${BigInt(sizeBytes)}, ${sha256},
      ${width}::integer, ${height}::integer, ${durationMs}::integer)`;
}

/** The same of what was uploaded with its request. False when that was given up meanwhile (`giveUpUploads`), or became something else. */
export async function insertUploadReference(database: Queryable, reference: NewReference): Promise<boolean> {
  const { id, ownerId, storageKey, contentType, sizeBytes, sha256 } = reference;
  const { width = null, height = null, durationMs = null } = reference;
  const inserted = await database.$executeRaw`
    WITH settled AS (DELETE FROM loose_file WHERE storage_key = ${storageKey} AND keep_until > now() RETURNING storage_key)
    INSERT INTO asset (id, owner_id, role, storage_key, content_type, size_bytes, sha256, width, height, duration_ms)
    SELECT ${id}, ${ownerId}, 'reference', storage_key, ${contentType}, ${BigInt(sizeBytes)}, ${sha256},
      ${width}::integer, ${height}::integer, ${durationMs}::integer FROM settled`;
  return inserted === 1;
}
