/** Media go by age or to make room, the oldest first. Their generations stay on record. */
import type { Database, Queryable, Transaction } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { inTransaction } from '../transaction.js';

export interface RemoveMedia {
  /** Only of generations that ended so long ago. */
  olderThanMs: number;
  /** Only of theirs. */
  ownerId?: string;
  /** No more than must go so that no more bytes are left: of that owner where one is named, else of all. */
  mostBytes?: number;
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
 * deleted is left to that, and everything to whoever else is removing media at this moment: two who count would remove the same bytes twice.
 */
export async function removeMedia(database: Database, remove: RemoveMedia): Promise<RemovedMedia> {
  return inTransaction(database, async (tx) => {
    const nothing = { generations: 0, bytes: 0, storageKeys: [] };
    const [lock] = await tx.$queryRaw<{ isOurs: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(hashtextextended('media sweep', 0)) AS "isOurs"`;
    if (!lock?.isOurs) return nothing;
    const ids = await lockOldest(tx, remove);
    return ids.length === 0 ? nothing : removeOf(tx, ids, remove);
  });
}

async function lockOldest(tx: Transaction, { olderThanMs, ownerId, limit }: RemoveMedia): Promise<string[]> {
  const ofOwner = ownerId === undefined ? Prisma.empty : Prisma.sql`AND owner_id = ${ownerId}`;
  const old = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation
    WHERE completed_at <= now() - ${olderThanMs}::float8 * interval '1 millisecond'
      AND media_removed_at IS NULL AND deleted_at IS NULL ${ofOwner}
    ORDER BY completed_at, id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  return old.map(({ id }) => id);
}

/** A statement of its own: what others freed or stored before the locks were taken is seen only by what begins after that. */
async function removeOf(
  tx: Transaction,
  ids: readonly string[],
  { ownerId, mostBytes }: RemoveMedia,
): Promise<RemovedMedia> {
  const [removed] = await tx.$queryRaw<{ generations: bigint; bytes: bigint; keys: string[] }[]>`
    WITH old AS (
      SELECT id, completed_at FROM generation WHERE id = ANY(${[...ids]}::text[])
    ), sized AS (
      SELECT old.id, sum(size) OVER (ORDER BY completed_at, old.id) - size AS freed_before
      FROM old, LATERAL (
        SELECT coalesce(sum(size_bytes), 0) AS size FROM asset
        WHERE generation_id = old.id AND removed_at IS NULL
          AND NOT EXISTS (SELECT FROM file_object WHERE file_object.storage_key = asset.storage_key)
      ) AS freed
    ), due AS (
      SELECT id FROM sized ${mostBytes === undefined ? Prisma.empty : Prisma.sql`WHERE freed_before < ${over(mostBytes, ownerId)}`}
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
      SELECT * FROM (SELECT * FROM made UNION ALL SELECT * FROM given) AS either
      -- What a client's file holds too stays with it.
      WHERE NOT EXISTS (SELECT FROM file_object WHERE file_object.storage_key = either.storage_key)
    ), loosened AS (
      INSERT INTO loose_file (storage_key, generation_id, remove_at, keep_until)
      SELECT DISTINCT ON (storage_key) storage_key, generation_id, now(), now() FROM removed
      ON CONFLICT (storage_key) DO UPDATE SET
        remove_at = EXCLUDED.remove_at, keep_until = greatest(loose_file.keep_until, EXCLUDED.keep_until)
      RETURNING storage_key
    )
    SELECT (SELECT count(*) FROM due) AS generations, (SELECT coalesce(sum(size_bytes), 0)::bigint FROM removed) AS bytes,
      (SELECT coalesce(array_agg(storage_key), '{}') FROM loosened) AS keys`;
  const { generations = 0n, bytes = 0n, keys = [] } = removed ?? {};
  return { generations: Number(generations), bytes: Number(bytes), storageKeys: keys };
}

/**
 * What media take of the store, positive and negative rows together: a client's file counts as that file, however many generations use it.
 * All rows first, which the index `asset_stored` has; only references can be such files, and there are few.
 */
const stored = Prisma.sql`(
  SELECT owner_id, size_bytes AS bytes FROM asset WHERE removed_at IS NULL
  UNION ALL
  SELECT asset.owner_id, -asset.size_bytes FROM asset JOIN file_object AS object ON object.storage_key = asset.storage_key
  WHERE role = 'reference' AND removed_at IS NULL
) AS stored`;

function over(mostBytes: number, ownerId: string | undefined): Prisma.Sql {
  const ofOwner = ownerId === undefined ? Prisma.empty : Prisma.sql`WHERE owner_id = ${ownerId}`;
  return Prisma.sql`(SELECT coalesce(sum(bytes), 0) - ${mostBytes}::bigint FROM ${stored} ${ofOwner})`;
}

/** Bytes of all media that generations have, with what they were made from. Clients' files are not among them. */
export async function countStoredBytes(database: Queryable): Promise<number> {
  const [row] = await database.$queryRaw<{ bytes: bigint }[]>`
    SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM ${stored}`;
  return Number(row?.bytes ?? 0);
}

/** Who has more than that. */
export async function findLargeOwners(database: Queryable, mostBytes: number): Promise<string[]> {
  const rows = await database.$queryRaw<{ owner_id: string }[]>`
    SELECT owner_id FROM ${stored} GROUP BY owner_id HAVING sum(bytes) > ${mostBytes}::bigint ORDER BY owner_id`;
  return rows.map((row) => row.owner_id);
}
