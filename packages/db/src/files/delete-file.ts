import type { Queryable } from '../client.js';

/** False when the owner has no such file. Its bytes are removed (`removeUnusedObjects`) unless another file or a generation has them too. */
export async function deleteFile(
  database: Queryable,
  { id, ownerId }: { id: string; ownerId: string },
): Promise<boolean> {
  const removed = await database.$executeRaw`
    WITH gone AS (
      DELETE FROM file WHERE id = ${id} AND owner_id = ${ownerId} AND (expires_at IS NULL OR expires_at > now())
      RETURNING storage_key
    )
    UPDATE file_object SET check_at = now() FROM gone WHERE file_object.storage_key = gone.storage_key`;
  return removed === 1;
}
