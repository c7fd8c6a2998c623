/** What is over of clients' files: those that have expired, and stored bytes that nothing names any more. */
import type { Database, Queryable } from '../client.js';
import { inTransaction } from '../transaction.js';

/**
 * When an object that only generations use is looked at again: nobody tells when they are deleted. After half of its age, so that what is
 * kept for long costs little, but within a day, so that what was deleted does not stay.
 */
const againMinutes = { least: 60, most: 24 * 60 };

/** How many were removed. */
export async function removeExpiredFiles(database: Queryable, limit: number): Promise<number> {
  const [removed] = await database.$queryRaw<{ count: bigint }[]>`
    WITH gone AS (
      DELETE FROM file WHERE id IN (
        SELECT id FROM file WHERE expires_at <= now() ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING storage_key
    ), marked AS (
      UPDATE file_object SET check_at = now() WHERE storage_key IN (SELECT storage_key FROM gone)
    )
    SELECT count(*) FROM gone`;
  return Number(removed?.count ?? 0);
}

/** How many objects were looked at. The bytes of those that go are left to the sweep of loose files. */
export async function removeUnusedObjects(database: Database, limit: number): Promise<number> {
  return inTransaction(database, async (tx) => {
    const due = await tx.$queryRaw<{ storage_key: string }[]>`
      SELECT storage_key FROM file_object WHERE check_at <= now() ORDER BY check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
    const keys = due.map((row) => row.storage_key);
    if (keys.length === 0) return 0;
    // A statement of its own: who began to use one of them before it was locked is seen only by what begins after that.
    await tx.$executeRaw`
      WITH use AS (
        SELECT storage_key,
          EXISTS (SELECT FROM file WHERE file.storage_key = object.storage_key) AS by_file,
          EXISTS (
            SELECT FROM asset WHERE asset.storage_key = object.storage_key AND role = 'reference' AND removed_at IS NULL
          ) AS by_asset
        FROM file_object AS object WHERE storage_key = ANY(${keys}::text[])
      ), kept AS (
        UPDATE file_object AS object
        SET check_at = CASE WHEN by_file THEN NULL ELSE now() + least(
          greatest((now() - object.created_at) / 2, ${againMinutes.least} * interval '1 minute'), ${againMinutes.most} * interval '1 minute') END
        FROM use WHERE object.storage_key = use.storage_key AND (by_file OR by_asset)
      ), gone AS (
        DELETE FROM file_object AS object USING use
        WHERE object.storage_key = use.storage_key AND NOT (by_file OR by_asset)
        RETURNING object.storage_key
      )
      INSERT INTO loose_file (storage_key, remove_at, keep_until) SELECT storage_key, now(), now() FROM gone
      ON CONFLICT (storage_key) DO UPDATE SET remove_at = EXCLUDED.remove_at, keep_until = EXCLUDED.keep_until`;
    return keys.length;
  });
}
