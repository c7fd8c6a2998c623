/** Pictures made of a finished video when they were first asked for: at most one of each kind, removed with the generation. */
import type { Database, Queryable } from '../client.js';
import { inTransaction } from '../transaction.js';
import { type Asset, toAsset } from './find-asset.js';
import { longestWriteMs, settleFiles } from './loose-files.js';

export const videoVariants = ['thumbnail', 'spritesheet'] as const;
export type VideoVariant = (typeof videoVariants)[number];

export interface OfVideo {
  generationId: string;
  ownerId: string;
  variant: VideoVariant;
}

export async function findVariant(
  database: Queryable,
  { generationId, ownerId, variant }: OfVideo,
): Promise<Asset | undefined> {
  const found = await database.asset.findFirst({ where: { generationId, ownerId, role: variant, removedAt: null } });
  return found ? toAsset(found) : undefined;
}

/** Before the file is written. False when the video is not there (any more): whatever removes it locks its row. */
export async function noteVariantFile(
  database: Queryable,
  { generationId, storageKey }: { generationId: string; storageKey: string },
): Promise<boolean> {
  const noted = await database.$executeRaw`
    INSERT INTO loose_file (storage_key, generation_id, remove_at, keep_until)
    SELECT ${storageKey}, id, until, until
    FROM generation, (SELECT now() + ${longestWriteMs}::float8 * interval '1 millisecond' AS until) AS kept
    WHERE id = ${generationId} AND state = 'succeeded' AND deleted_at IS NULL AND media_removed_at IS NULL
    FOR SHARE OF generation
    ON CONFLICT (storage_key) DO NOTHING`;
  return noted === 1;
}

export interface StoredVariant extends OfVideo {
  /** A ULID. */
  assetId: string;
  storageKey: string;
  contentType: string;
  sizeBytes: number;
  /** Lower-case hex. */
  sha256: string;
  width?: number | undefined;
  height?: number | undefined;
}

/**
 * The file comes first. Whoever else was making the same may have been faster: then that one's is answered, and this file is the caller's to
 * remove (should it not come to that, it is found as a loose one). Undefined when the video is gone meanwhile.
 */
export async function insertVariant(database: Database, stored: StoredVariant): Promise<Asset | undefined> {
  const { assetId, variant, generationId, ownerId, storageKey, contentType, sizeBytes, sha256 } = stored;
  return inTransaction(database, async (tx) => {
    const [video] = await tx.$queryRaw<object[]>`
      SELECT id FROM generation WHERE id = ${generationId} AND owner_id = ${ownerId} AND deleted_at IS NULL AND media_removed_at IS NULL
      FOR SHARE`;
    if (!video) return undefined;
    const inserted = await tx.$executeRaw`
      INSERT INTO asset (id, owner_id, generation_id, role, storage_key, content_type, size_bytes, sha256, width, height)
      VALUES (${assetId}, ${ownerId}, ${generationId}, ${variant}, ${storageKey}, ${contentType}, ${BigInt(sizeBytes)}, ${sha256},
        ${stored.width ?? null}::integer, ${stored.height ?? null}::integer)
      ON CONFLICT (generation_id, role) WHERE role IN ('thumbnail', 'spritesheet') DO NOTHING`;
    if (inserted === 1) await settleFiles(tx, [storageKey]);
    return findVariant(tx, stored);
  });
}
