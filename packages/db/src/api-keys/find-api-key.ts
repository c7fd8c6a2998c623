/** Who a client is, by the MAC of the key it sent. */
import type { KeyRights } from '@reelay/contracts/allowed-models';
import type { Queryable } from '../client.js';

export interface ApiKeyIdentity extends KeyRights {
  apiKeyId: string;
  ownerId: string;
  /** Null where the key says nothing of it. */
  requestsPerMinute: number | null;
}

/** Undefined for a key that does not exist, was revoked or has expired by the database's clock. */
export async function findApiKey(database: Queryable, macHex: string): Promise<ApiKeyIdentity | undefined> {
  const [found] = await database.$queryRaw<ApiKeyIdentity[]>`
    SELECT id AS "apiKeyId", owner_id AS "ownerId", allowed_models AS "allowedModels", allowed_kinds AS "allowedKinds",
      requests_per_minute AS "requestsPerMinute"
    FROM api_key
    WHERE mac = ${Buffer.from(macHex, 'hex')} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;
  return found;
}

/** Remembers the use of a key, at most once a minute, so that a busy key is not a hot row. */
export async function noteApiKeyUse(database: Queryable, apiKeyId: string): Promise<void> {
  await database.$executeRaw`
    UPDATE api_key SET last_used_at = now()
    WHERE id = ${apiKeyId} AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`;
}
