/** An account's sealed credential with what decides whether it may be handed out. Only the token-manager can open it. */
import type { Queryable } from '../client.js';

export interface SealedCredential {
  id: string;
  provider: string;
  target: string;
  version: number;
  accessTokenSealed: string;
  proxySealed: string | null;
  expiresAt: Date | null;
  /** By the database's clock. */
  isExpired: boolean;
  state: 'active' | 'needs_attention' | 'disabled';
  stateReason: string | null;
}

/** Undefined when there is no such account, or it is deleted and its last work is over. */
export async function findCredential(database: Queryable, id: string): Promise<SealedCredential | undefined> {
  const [row] = await database.$queryRaw<SealedCredential[]>`
    SELECT id, provider, target, credential_version AS version, access_token_sealed AS "accessTokenSealed",
      proxy_sealed AS "proxySealed", expires_at AS "expiresAt", coalesce(expires_at <= now(), false) AS "isExpired",
      state, state_reason AS "stateReason"
    FROM token WHERE id = ${id} AND access_token_sealed <> '' AND (
      hidden_at IS NULL
      OR EXISTS (SELECT FROM submit_attempt WHERE token_id = token.id AND state IN ('intent', 'sent', 'acked', 'unknown'))
      OR EXISTS (SELECT FROM generation WHERE token_id = token.id AND state = 'running')
      OR EXISTS (SELECT FROM upstream_litter WHERE token_id = token.id AND done_at IS NULL AND next_try_at IS NOT NULL))`;
  return row;
}
