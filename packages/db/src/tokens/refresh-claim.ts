/**
 * A refresh is done by one caller at a time, told by the row alone, with no transaction open meanwhile. The claim only keeps others
 * waiting and may be taken over when it is too old; what keeps a refresh token from being sent twice is `refresh_token_used_at`.
 */
import type { Database, Queryable } from '../client.js';
import { inTransaction } from '../transaction.js';
import { applyTokenEvent } from './apply-token-event.js';
import { proxyOfToken, type SealedProxy } from './proxy-of-token.js';
import { forgetSent, noteSent } from './sent-refresh-tokens.js';

export interface RefreshSubject extends SealedProxy {
  provider: string;
  target: string;
  accessTokenSealed: string;
  sessionTokenSealed: string | null;
  /** Null also when it went out once and nobody knows what became of it. */
  refreshTokenSealed: string | null;
  isRefreshTokenUsed: boolean;
  /** Of an earlier refresh that left no way to another one. */
  refreshWarning: string | null;
  clientId: string | null;
}

export interface RefreshClaim {
  id: string;
  /** The credential version that is to be replaced. */
  version: number;
  /** Names this claim. */
  claim: string;
}

/** False when a claim would be refused: somebody is at it, or the credential is another one by now. */
export async function isRefreshFree(
  database: Queryable,
  { id, version, leaseMs }: { id: string; version: number; leaseMs: number },
): Promise<boolean> {
  const [found] = await database.$queryRaw<{ isFree: boolean }[]>`
    SELECT refresh_claim IS NULL OR refresh_claimed_at < now() - ${leaseMs} * interval '1 millisecond' AS "isFree"
    FROM token WHERE id = ${id} AND credential_version = ${version}`;
  return found?.isFree ?? false;
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
      refresh_token_used_at IS NOT NULL AS "isRefreshTokenUsed", refresh_warning AS "refreshWarning", client_id AS "clientId",
      ${proxyOfToken.sealed} AS "proxySealed", ${proxyOfToken.place} AS "proxyPlace"`;
  return subject;
}

/** A claim with the keyed hashes of the refresh token that is to be sent. */
export type SendingRefresh = RefreshClaim & { macs: readonly string[] };

/**
 * Committed before the refresh token leaves. `lost`: the claim is somebody else's. `sent_before`: the same token went out already, for
 * whatever row, so this one counts as used, too. It must not be sent in either case.
 */
export async function markRefreshTokenUsed(
  database: Database,
  { id, version, claim, macs }: SendingRefresh,
): Promise<'marked' | 'lost' | 'sent_before'> {
  return inTransaction(database, async (tx) => {
    // The token is locked first: whoever stores or unmarks does it in the same order.
    const marked = await tx.$executeRaw`
      UPDATE token SET refresh_token_used_at = now()
      WHERE id = ${id} AND credential_version = ${version} AND refresh_claim = ${claim} AND refresh_token_used_at IS NULL`;
    if (marked !== 1) return 'lost';
    return (await noteSent(tx, macs)) ? 'marked' : 'sent_before';
  });
}

/** For a refresh token that certainly did not arrive or was not used up: it may be sent again. */
export async function unmarkRefreshTokenUsed(
  database: Database,
  { id, version, claim, macs }: SendingRefresh,
): Promise<void> {
  await inTransaction(database, async (tx) => {
    const unmarked = await tx.$executeRaw`
      UPDATE token SET refresh_token_used_at = NULL
      WHERE id = ${id} AND credential_version = ${version} AND refresh_claim = ${claim}`;
    if (unmarked === 1) await forgetSent(tx, macs);
  });
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
  /** Keyed hashes of the stored refresh token, where it was sent for this. */
  sentMacs: readonly string[] | null;
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
        refresh_token_used_at = CASE WHEN ${refreshed.sentMacs !== null} THEN NULL ELSE refresh_token_used_at END,
        -- An upstream that gives what is over at once would be asked for ever.
        refresh_due_at = CASE WHEN ${refreshed.expiresAt}::timestamptz <= now() + interval '1 minute' THEN now() + interval '5 minutes' END,
        refresh_failures = 0, refresh_warning = NULL,
        credential_version = credential_version + 1, refresh_claim = NULL, refresh_claimed_at = NULL, updated_at = now()
      WHERE id = ${id} AND credential_version = ${version}`;
    if (stored !== 1) return false;
    // Not replaced by another one: it stays good, and may be sent again.
    if (refreshed.sentMacs && refreshed.refreshTokenSealed === null) await forgetSent(tx, refreshed.sentMacs);
    await applyTokenEvent(tx, id, { type: 'credential_renewed' });
    return true;
  });
}
