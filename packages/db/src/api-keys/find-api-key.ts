/** Who a client is, by the MAC of the key it sent. */
import type { Queryable } from '../client.js';

export interface ApiKeyIdentity {
  apiKeyId: string;
  ownerId: string;
}

/** Undefined for a key that does not exist, was revoked or has expired by the database's clock. */
export async function findApiKey(database: Queryable, macHex: string): Promise<ApiKeyIdentity | undefined> {
  const [found] = await database.$queryRaw<{ id: string; owner_id: string }[]>`
    SELECT id, owner_id FROM api_key
    WHERE mac = ${Buffer.from(macHex, 'hex')} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;
  return found && { apiKeyId: found.id, ownerId: found.owner_id };
}

/** Remembers the use of a key, at most once a minute, so that a busy key is not a hot row. */
export async function noteApiKeyUse(database: Queryable, apiKeyId: string): Promise<void> {
  await database.$executeRaw`
    UPDATE api_key SET last_used_at = now()
    WHERE id = ${apiKeyId} AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`;
}
