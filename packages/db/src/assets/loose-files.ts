/**
 * Files in the store that no asset refers to. Each is noted here before it is written and taken out by the transaction that makes it an
 * asset; deleting an asset puts its file back. So a crash at any point leaves a row that names what has to be removed.
 */
import type { Database, Queryable, Transaction } from '../client.js';

/** Longer than anybody writes one file: what is older was left by a crash. */
export const longestWriteMs = 60 * 60_000;
/** After this a removal that failed is tried again. */
const againMs = 60_000;

/**
 * Before a result is written. False when its media are not being fetched (any more): the end of a generation locks its row, so after it
 * nobody begins to write a file that could take the place of one that was removed.
 */
export async function noteResultFile(
  database: Database,
  { generationId, storageKey }: { generationId: string; storageKey: string },
): Promise<boolean> {
  const noted = await database.$executeRaw`
    INSERT INTO loose_file (storage_key, generation_id, remove_at, keep_until)
    SELECT ${storageKey}, id, until, until
    FROM generation, (SELECT now() + ${longestWriteMs}::float8 * interval '1 millisecond' AS until) AS kept
    WHERE id = ${generationId} AND stage = 'fetching' FOR SHARE OF generation
    ON CONFLICT (storage_key) DO UPDATE SET remove_at = EXCLUDED.remove_at, keep_until = EXCLUDED.keep_until`;
  return noted === 1;
}

/** Before a reference is written: until its row is there (`insertReference`) nobody else knows of the file. */
export async function noteReferenceFile(database: Queryable, storageKey: string): Promise<void> {
  await database.$executeRaw`
    INSERT INTO loose_file (storage_key, remove_at, keep_until)
    SELECT ${storageKey}, until, until
    FROM (SELECT now() + ${longestWriteMs}::float8 * interval '1 millisecond' AS until) AS kept`;
}

/** What was uploaded with a request that is over: each that has not become a reference or a file is due at once. */
export async function giveUpUploads(database: Queryable, storageKeys: readonly string[]): Promise<void> {
  // From now on nobody may make an asset of it: `keep_until` is what they look at.
  await database.$executeRaw`
    UPDATE loose_file SET remove_at = now(), keep_until = now() WHERE storage_key = ANY(${[...storageKeys]}::text[])`;
}

/** Their assets are being written in this transaction. */
export async function settleFiles(tx: Transaction, storageKeys: readonly string[]): Promise<void> {
  await tx.$executeRaw`DELETE FROM loose_file WHERE storage_key = ANY(${[...storageKeys]}::text[])`;
}

/**
 * Deletes a generation's assets, results and references, and answers the keys of all files it has or may have. They are due at once, also
 * those that a worker is just storing: it removes them itself when it comes too late, and if it dies they are found once more.
 */
export async function loosenAssets(tx: Transaction, generationId: string): Promise<string[]> {
  const stored = await tx.$queryRaw<{ storage_key: string }[]>`
    UPDATE loose_file SET remove_at = now() WHERE generation_id = ${generationId} RETURNING storage_key`;
  const rows = await tx.$queryRaw<{ storage_key: string }[]>`
    WITH gone AS (DELETE FROM asset WHERE generation_id = ${generationId} RETURNING storage_key)
    INSERT INTO loose_file (storage_key, generation_id, remove_at, keep_until)
    SELECT DISTINCT storage_key, ${generationId}, now(), now() + ${longestWriteMs}::float8 * interval '1 millisecond' FROM gone
    -- What a client's file holds too stays with it.
    WHERE NOT EXISTS (SELECT FROM file_object WHERE file_object.storage_key = gone.storage_key)
    ON CONFLICT (storage_key) DO UPDATE SET remove_at = EXCLUDED.remove_at, keep_until = EXCLUDED.keep_until
    RETURNING storage_key`;
  return [...new Set([...stored, ...rows].map((row) => row.storage_key))];
}

/** Keys that are due, of generations that have ended; each is due again after a while unless it is noted as removed. */
export async function takeLooseFiles(database: Database, limit: number): Promise<string[]> {
  const rows = await database.$queryRaw<{ storage_key: string }[]>`
    WITH due AS (
      SELECT storage_key FROM loose_file AS loose
      WHERE remove_at <= now()
        -- Its media are being fetched, for longer than was thought possible.
        AND NOT EXISTS (SELECT FROM generation WHERE id = loose.generation_id AND state = 'running')
        AND NOT EXISTS (SELECT FROM asset WHERE generation_id = loose.generation_id AND asset.storage_key = loose.storage_key AND removed_at IS NULL)
        AND NOT EXISTS (SELECT FROM file_object WHERE file_object.storage_key = loose.storage_key)
      ORDER BY remove_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )
    UPDATE loose_file AS loose SET remove_at = now() + ${againMs}::float8 * interval '1 millisecond'
    FROM due WHERE loose.storage_key = due.storage_key
    RETURNING loose.storage_key`;
  return rows.map((row) => row.storage_key);
}

/** A file that somebody may still be writing is removed once more when nobody can be any more. */
export async function noteRemovedFiles(database: Queryable, storageKeys: readonly string[]): Promise<void> {
  if (storageKeys.length === 0) return;
  await database.$executeRaw`
    WITH removed AS (
      DELETE FROM loose_file WHERE storage_key = ANY(${[...storageKeys]}::text[]) AND keep_until <= now()
    )
    UPDATE loose_file SET remove_at = keep_until
    WHERE storage_key = ANY(${[...storageKeys]}::text[]) AND keep_until > now()`;
}

/** Which of these files are results of the generation. */
export async function findUsedFiles(
  database: Queryable,
  { generationId, storageKeys }: { generationId: string; storageKeys: readonly string[] },
): Promise<Set<string>> {
  const rows = await database.asset.findMany({
    where: { generationId, storageKey: { in: [...storageKeys] }, removedAt: null },
    select: { storageKey: true },
  });
  return new Set(rows.map((row) => row.storageKey));
}
