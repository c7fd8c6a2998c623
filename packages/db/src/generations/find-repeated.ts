import type { Queryable } from '../client.js';

export interface Repeated {
  generationId: string;
  /** Of the request that was first with this key. */
  requestHash: string;
  isDeleted: boolean;
}

/** What an owner's Idempotency-Key made, for as long as it is kept by the database's clock. */
export async function findRepeated(
  database: Queryable,
  { ownerId, key }: { ownerId: string; key: string },
): Promise<Repeated | undefined> {
  const [found] = await database.$queryRaw<Repeated[]>`
    SELECT generation.id AS "generationId", idempotency.request_hash AS "requestHash", generation.deleted_at IS NOT NULL AS "isDeleted"
    FROM idempotency JOIN generation ON generation.id = generation_id
    WHERE idempotency.owner_id = ${ownerId} AND key = ${key} AND expires_at > now()`;
  return found;
}
