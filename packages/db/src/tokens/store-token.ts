/** Writing an account's credential, sealed by the caller for this very row. */
import type { Database } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { inTransaction } from '../transaction.js';
import { applyTokenEvent } from './apply-token-event.js';
import type { AccountKey } from './find-known-token.js';

/** Null leaves what a known account has. */
export interface TokenCredential {
  accessTokenSealed: string;
  accessTokenHint: string;
  expiresAt: Date | null;
  sessionTokenSealed: string | null;
  refreshTokenSealed: string | null;
  clientId: string | null;
  proxySealed: string | null;
  label: string | null;
  imageLimit: number | null;
  videoLimit: number | null;
}

/** Whoever adds an account has just asked the upstream about it, and writes the answer down next; the timer comes after that. */
const beingAsked = Prisma.sql`now() + interval '15 seconds'`;

/** False when the account is there already. */
export async function insertToken(
  database: Database,
  token: AccountKey & TokenCredential & { id: string; label: string },
): Promise<boolean> {
  return inTransaction(database, async (tx) => {
    const inserted = await tx.$executeRaw`
    INSERT INTO token (
      id, provider, target, identity, label, access_token_sealed, access_token_hint, expires_at,
      session_token_sealed, refresh_token_sealed, client_id, proxy_sealed, image_limit, video_limit, inspect_not_before)
    VALUES (
      ${token.id}, ${token.provider}, ${token.target}, ${token.identity}, ${token.label}, ${token.accessTokenSealed},
      ${token.accessTokenHint}, ${token.expiresAt}::timestamptz, ${token.sessionTokenSealed}, ${token.refreshTokenSealed},
      ${token.clientId}, ${token.proxySealed}, coalesce(${token.imageLimit}::integer, 1), coalesce(${token.videoLimit}::integer, 3), ${beingAsked})
    ON CONFLICT (provider, target, identity) WHERE hidden_at IS NULL DO NOTHING`;
    if (inserted === 1) await applyTokenEvent(tx, token.id, { type: 'added', wasDeleted: false });
    return inserted === 1;
  });
}

/**
 * Gives a known account its new credential. What a person disabled stays disabled; a deleted account that is added again is in
 * service again, with its old slots, because what it renders still counts. Returns the new credential version; undefined when the row
 * was deleted or taken up by somebody else meanwhile: look again.
 */
export async function replaceCredential(
  database: Database,
  replace: TokenCredential & { id: string; isHidden: boolean },
): Promise<number | undefined> {
  return inTransaction(database, async (tx) => {
    const [replaced] = await tx.$queryRaw<{ version: number }[]>`
    UPDATE token SET
      access_token_sealed = ${replace.accessTokenSealed}, access_token_hint = ${replace.accessTokenHint},
      expires_at = ${replace.expiresAt}::timestamptz,
      session_token_sealed = coalesce(${replace.sessionTokenSealed}, session_token_sealed),
      refresh_token_sealed = coalesce(${replace.refreshTokenSealed}, refresh_token_sealed),
      refresh_token_used_at = CASE WHEN ${replace.refreshTokenSealed}::text IS NULL THEN refresh_token_used_at END,
      client_id = coalesce(${replace.clientId}, client_id), proxy_sealed = coalesce(${replace.proxySealed}, proxy_sealed),
      label = coalesce(${replace.label}, label),
      image_limit = coalesce(${replace.imageLimit}::integer, image_limit),
      video_limit = coalesce(${replace.videoLimit}::integer, video_limit),
      credential_version = credential_version + 1, refresh_claim = NULL, refresh_claimed_at = NULL,
      refresh_due_at = NULL, refresh_failures = 0, refresh_warning = NULL, inspected_at = NULL, inspect_not_before = ${beingAsked}, hidden_at = NULL, updated_at = now()
    WHERE id = ${replace.id} AND (hidden_at IS NOT NULL) = ${replace.isHidden}
    RETURNING credential_version AS version`;
    if (replaced) await applyTokenEvent(tx, replace.id, { type: 'added', wasDeleted: replace.isHidden });
    return replaced?.version;
  });
}
