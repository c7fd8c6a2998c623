/**
 * A refresh is done by one caller at a time, told by the row alone, with no transaction open meanwhile. The claim only keeps others
 * waiting and may be taken over when it is too old; what keeps a refresh token from being sent twice is `refresh_token_used_at`.
 */
import type { Database, Queryable } from '../client.js';
import { inTransaction } from '../transaction.js';
import { applyTokenEvent } from './apply-token-event.js';
import { proxyOfToken, type SealedProxy } from './proxy-of-token.js';

export interface RefreshSubject extends SealedProxy {
  provider: string;
  target: string;
  accessTokenSealed: string;
  sessionTokenSealed: string | null;
  /** Null also when it went out once and nobody knows what became of it. */
  refreshTokenSealed: string | null;
  isRefreshTokenUsed: boolean;
  clientId: string | null;
}

export interface RefreshClaim {
  id: string;
  /** The credential version that is to be replaced. */
  version: number;
  /** Names this claim. */
  claim: string;
}

/** Undefined when somebody else has the claim, or the credential is another one by now. */
export async function claimRefresh(
  database: Queryable,
  { id, version, claim, leaseMs }: RefreshClaim & { leaseMs: number },
): Promise<RefreshSubject | undefined> {
  const [subject] = await database.$queryRaw<RefreshSubject[]>`
    UPDATE token SET refresh_claim = ${claim}, refresh_claimed_at = now()
    WHERE id = ${id} AND credential_version = ${version}
      AND (refresh_claim IS NULL OR refresh_claimed_at < now() - ${leaseMs} * interval '1 millisecond')
    RETURNING provider, target, access_token_sealed AS "accessTokenSealed", session_token_sealed AS "sessionTokenSealed",
      CASE WHEN refresh_token_used_at IS NULL THEN refresh_token_sealed END AS "refreshTokenSealed",
      refresh_token_used_at IS NOT NULL AS "isRefreshTokenUsed", client_id AS "clientId",
      ${proxyOfToken.sealed} AS "proxySealed", ${proxyOfToken.place} AS "proxyPlace"`;
  return subject;
}

/** Committed before the refresh token leaves. False: the claim was lost, and it must not be sent. */
export async function markRefreshTokenUsed(
  database: Queryable,
  { id, version, claim }: RefreshClaim,
): Promise<boolean> {
  const marked = await database.$executeRaw`
    UPDATE token SET refresh_token_used_at = now()
    WHERE id = ${id} AND credential_version = ${version} AND refresh_claim = ${claim} AND refresh_token_used_at IS NULL`;
  return marked === 1;
}

/** For a refresh token that certainly did not arrive or was not used up: it may be sent again. */
export async function unmarkRefreshTokenUsed(database: Queryable, { id, version, claim }: RefreshClaim): Promise<void> {
  await database.$executeRaw`
    UPDATE token SET refresh_token_used_at = NULL
    WHERE id = ${id} AND credential_version = ${version} AND refresh_claim = ${claim}`;
}

export async function releaseRefresh(database: Queryable, { id, claim }: RefreshClaim): Promise<void> {
  await database.$executeRaw`
    UPDATE token SET refresh_claim = NULL, refresh_claimed_at = NULL WHERE id = ${id} AND refresh_claim = ${claim}`;
}

export interface RefreshedSecrets {
  accessTokenSealed: string;
  accessTokenHint: string;
  expiresAt: Date | null;
  /** Null keeps the stored one. */
  refreshTokenSealed: string | null;
  /** Whether the stored refresh token was sent for this. */
  usedRefreshToken: boolean;
}

/**
 * The new pair in one transaction, whoever has the claim by now: what the upstream gave must not be lost as long as nobody put another
 * credential there. False in that case.
 */
export async function storeRefreshed(
  database: Database,
  { id, version }: RefreshClaim,
  refreshed: RefreshedSecrets,
): Promise<boolean> {
  return inTransaction(database, async (tx) => {
    const stored = await tx.$executeRaw`
      UPDATE token SET
        access_token_sealed = ${refreshed.accessTokenSealed}, access_token_hint = ${refreshed.accessTokenHint},
        expires_at = ${refreshed.expiresAt}::timestamptz,
        refresh_token_sealed = coalesce(${refreshed.refreshTokenSealed}, refresh_token_sealed),
        refresh_token_used_at = CASE WHEN ${refreshed.usedRefreshToken} THEN NULL ELSE refresh_token_used_at END,
        credential_version = credential_version + 1, refresh_claim = NULL, refresh_claimed_at = NULL, updated_at = now()
      WHERE id = ${id} AND credential_version = ${version}`;
    if (stored === 1) await applyTokenEvent(tx, id, { type: 'credential_renewed' });
    return stored === 1;
  });
}
