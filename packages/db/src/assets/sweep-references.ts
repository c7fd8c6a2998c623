/** References that no generation came to use. */
import type { Queryable } from '../client.js';

/**
 * Removes the rows of references that were never used and returns their files' keys, which are the caller's to delete; should it not come
 * to that, they are found as loose files. A reference that a generation is just being accepted with is locked by that, and stays.
 */
export async function removeUnusedReferences(
  database: Queryable,
  { olderThanMs, limit }: { olderThanMs: number; limit: number },
): Promise<string[]> {
  const removed = await database.$queryRaw<{ storage_key: string }[]>`
    WITH removed AS (
      DELETE FROM asset WHERE generation_id IS NULL AND role = 'reference' AND id IN (
        SELECT id FROM asset
        WHERE role = 'reference' AND generation_id IS NULL
          AND created_at <= now() - ${olderThanMs}::float8 * interval '1 millisecond'
        ORDER BY created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING storage_key
    )
    INSERT INTO loose_file (storage_key, remove_at, keep_until) SELECT storage_key, now(), now() FROM removed
    -- What a client's file holds too stays with it.
    WHERE NOT EXISTS (SELECT FROM file_object WHERE file_object.storage_key = removed.storage_key)
    ON CONFLICT (storage_key) DO UPDATE SET remove_at = EXCLUDED.remove_at
    RETURNING storage_key`;
  return removed.map((row) => row.storage_key);
}
