/** Media go by age or to make room, the oldest first. Their generations stay on record. */
import type { Database, Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface RemoveMedia {
  /** Only of generations that ended so long ago. */
  olderThanMs: number;
  /** Only of theirs. */
  ownerId?: string;
  /** No more than are needed to free so many bytes. */
  bytes?: number;
  /** Generations at once. */
  limit: number;
}

export interface RemovedMedia {
  generations: number;
  bytes: number;
  /** The caller's to delete; should it not come to that, they are found as loose files. */
  storageKeys: string[];
}

/**
 * What was made of a generation keeps its row, without a file; what it was made from is not asked for any more. One that is just being
 * deleted, or whose media somebody else is removing, is left to them.
 */
export async function removeMedia(database: Database, remove: RemoveMedia): Promise<RemovedMedia> {
  const { olderThanMs, ownerId, bytes = null, limit } = remove;
  const ofOwner = ownerId === undefined ? Prisma.empty : Prisma.sql`AND owner_id = ${ownerId}`;
  const [removed] = await database.$queryRaw<{ generations: bigint; bytes: bigint; keys: string[] }[]>`
    WITH old AS (
      SELECT id, completed_at FROM generation
      WHERE completed_at <= now() - ${olderThanMs}::float8 * interval '1 millisecond'
        AND media_removed_at IS NULL AND deleted_at IS NULL ${ofOwner}
      ORDER BY completed_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), sized AS (
      SELECT old.id, sum(size) OVER (ORDER BY completed_at, old.id) - size AS freed_before
      FROM old, LATERAL (
        SELECT coalesce(sum(size_bytes), 0) AS size FROM asset WHERE generation_id = old.id AND removed_at IS NULL
      ) AS stored
    ), due AS (
      SELECT id FROM sized WHERE ${bytes}::bigint IS NULL OR freed_before < ${bytes}::bigint
    ), marked AS (
      UPDATE generation SET media_removed_at = now() FROM due WHERE generation.id = due.id
    ), made AS (
      UPDATE asset SET removed_at = now() FROM due
      WHERE generation_id = due.id AND role <> 'reference' AND removed_at IS NULL
      RETURNING storage_key, generation_id, size_bytes
    ), given AS (
      DELETE FROM asset USING due WHERE generation_id = due.id AND role = 'reference'
      RETURNING storage_key, generation_id, size_bytes
    ), removed AS (
      SELECT * FROM made UNION ALL SELECT * FROM given
    ), loosened AS (
      INSERT INTO loose_file (storage_key, generation_id, remove_at, keep_until)
      SELECT DISTINCT ON (storage_key) storage_key, generation_id, now(), now() FROM removed
      -- What a client's file holds too stays with it.
      WHERE NOT EXISTS (SELECT FROM file_object WHERE file_object.storage_key = removed.storage_key)
      ON CONFLICT (storage_key) DO UPDATE SET
        remove_at = EXCLUDED.remove_at, keep_until = greatest(loose_file.keep_until, EXCLUDED.keep_until)
      RETURNING storage_key
    )
    SELECT (SELECT count(*) FROM due) AS generations, (SELECT coalesce(sum(size_bytes), 0)::bigint FROM removed) AS bytes,
      (SELECT coalesce(array_agg(storage_key), '{}') FROM loosened) AS keys`;
  const { generations = 0n, bytes: freed = 0n, keys = [] } = removed ?? {};
  return { generations: Number(generations), bytes: Number(freed), storageKeys: keys };
}

/** Bytes of all media that generations have, with what they were made from. Clients' files are not among them. */
export async function countStoredBytes(database: Queryable): Promise<number> {
  const [row] = await database.$queryRaw<{ bytes: bigint }[]>`
    SELECT coalesce(sum(size_bytes), 0)::bigint AS bytes FROM asset WHERE removed_at IS NULL`;
  return Number(row?.bytes ?? 0);
}

/** Who has more than that, and how much. */
export async function findLargeOwners(
  database: Queryable,
  mostBytes: number,
): Promise<{ ownerId: string; bytes: number }[]> {
  const rows = await database.$queryRaw<{ owner_id: string; bytes: bigint }[]>`
    SELECT owner_id, sum(size_bytes)::bigint AS bytes FROM asset WHERE removed_at IS NULL
    GROUP BY owner_id HAVING sum(size_bytes) > ${mostBytes}::bigint ORDER BY owner_id`;
  return rows.map((row) => ({ ownerId: row.owner_id, bytes: Number(row.bytes) }));
}
