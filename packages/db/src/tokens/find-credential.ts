/** An account's sealed credential with what decides whether it may be handed out. Only the token-manager can open it. */
import type { Queryable } from '../client.js';
import { proxyOfToken, type SealedProxy } from './proxy-of-token.js';

export interface SealedCredential extends SealedProxy {
  id: string;
  provider: string;
  target: string;
  version: number;
  accessTokenSealed: string;
  /** Of the installation, for uploads. */
  uploadProxySealed: string | null;
  expiresAt: Date | null;
  /** By the database's clock. */
  isExpired: boolean;
  state: 'active' | 'needs_attention' | 'disabled';
  stateReason: string | null;
}

/**
 * With the proxy of the attempt, where one of this account is named: it keeps that to its end, also when that is none. Undefined when there
 * is no such account, or it is deleted and its last work is over.
 */
export async function findCredential(
  database: Queryable,
  id: string,
  attemptId?: string,
): Promise<SealedCredential | undefined> {
  const [row] = await database.$queryRaw<SealedCredential[]>`
    SELECT token.id, token.provider, target, credential_version AS version, access_token_sealed AS "accessTokenSealed",
      CASE WHEN attempt.id IS NULL THEN ${proxyOfToken.sealed} ELSE attempt.proxy_sealed END AS "proxySealed",
      CASE WHEN attempt.id IS NULL THEN ${proxyOfToken.place}
        -- Written by a release that knew no other place.
        WHEN attempt.proxy_sealed IS NOT NULL THEN coalesce(attempt.proxy_place, 'token') END AS "proxyPlace",
      (SELECT value_sealed FROM sealed_setting WHERE key = 'proxy.upload') AS "uploadProxySealed",
      expires_at AS "expiresAt", coalesce(expires_at <= now(), false) AS "isExpired",
      token.state, state_reason AS "stateReason"
    FROM token LEFT JOIN submit_attempt AS attempt ON attempt.id = ${attemptId ?? null}::text AND attempt.token_id = token.id
    WHERE token.id = ${id} AND access_token_sealed <> '' AND (
      hidden_at IS NULL
      OR EXISTS (SELECT FROM submit_attempt WHERE token_id = token.id AND state IN ('intent', 'sent', 'acked', 'unknown'))
      OR EXISTS (SELECT FROM generation WHERE token_id = token.id AND state = 'running')
      OR EXISTS (SELECT FROM upstream_litter WHERE token_id = token.id AND done_at IS NULL AND (next_try_at IS NOT NULL OR awaits_end)))`;
  return row;
}
