/** One account with everything people may know of it. Its proxy comes sealed, and what it can be renewed with only as a yes or no. */
import type { TokenDetails } from '@reelay/contracts/token-details';
import type { TokenEvent } from '@reelay/contracts/token-life';
import type { Queryable } from '../client.js';
import { type TokenViewRow, tokenViewColumns, toTokenView } from './list-tokens.js';

export interface FoundDetails {
  details: Omit<TokenDetails, 'proxy' | 'warnings'>;
  /** The account's own. */
  proxySealed: string | null;
  /** The refresh token went out once, and nobody knows what became of it. */
  isRefreshTokenUsed: boolean;
  /** Why it is not renewed by itself any more, while its access token is still good. */
  refreshWarning: string | null;
}

/** Undefined when there is none, or it is deleted. */
export async function findTokenDetails(database: Queryable, id: string): Promise<FoundDetails | undefined> {
  const [row] = await database.$queryRaw<Row[]>`
    SELECT ${tokenViewColumns}, token.identity, token.username, token.subscription_ends_at AS "subscriptionEndsAt",
      token.client_id AS "clientId", token.session_token_sealed IS NOT NULL AS "hasSessionToken",
      token.refresh_token_sealed IS NOT NULL AS "hasRefreshToken", token.credential_version AS "credentialVersion",
      token.proxy_sealed AS "proxySealed", token.inspected_at AS "inspectedAt", token.last_assigned_at AS "lastUsedAt",
      -- While it is under way it is marked as used as well.
      token.refresh_token_used_at IS NOT NULL AND token.refresh_claim IS NULL AS "isRefreshTokenUsed",
      token.refresh_due_at AS "refreshDueAt", token.refresh_warning AS "refreshWarning",
      error.at AS "errorAt", error.type AS "errorType", error.reason AS "errorReason"
    FROM token LEFT JOIN LATERAL (
      SELECT at, type, data->>'reason' AS reason FROM token_event
      WHERE token_id = token.id AND type = ANY(${[...errorEvents]}::text[])
      ORDER BY token_event.id DESC LIMIT 1
    ) AS error ON true
    WHERE token.hidden_at IS NULL AND token.id = ${id}`;
  if (!row) return undefined;
  const { identity, username, clientId, hasSessionToken, hasRefreshToken, credentialVersion } = row;
  const { proxySealed, isRefreshTokenUsed, refreshWarning, errorAt, errorType, errorReason } = row;
  const details = {
    ...toTokenView(row),
    ...{ identity, username, clientId, hasSessionToken, hasRefreshToken, credentialVersion },
    subscriptionEndsAt: row.subscriptionEndsAt?.toISOString() ?? null,
    inspectedAt: row.inspectedAt?.toISOString() ?? null,
    refreshDueAt: row.refreshDueAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    lastError: errorAt && { at: errorAt.toISOString(), type: errorType ?? '', reason: errorReason ?? '' },
  };
  return { details, proxySealed, isRefreshTokenUsed, refreshWarning };
}

const errorEvents: readonly TokenEvent['type'][] = ['fault', 'held_off', 'credential_rejected'];

interface OwnRow {
  identity: string;
  username: string | null;
  subscriptionEndsAt: Date | null;
  clientId: string | null;
  hasSessionToken: boolean;
  hasRefreshToken: boolean;
  credentialVersion: number;
  proxySealed: string | null;
  inspectedAt: Date | null;
  lastUsedAt: Date | null;
  isRefreshTokenUsed: boolean;
  refreshDueAt: Date | null;
  refreshWarning: string | null;
  errorAt: Date | null;
  errorType: string | null;
  errorReason: string | null;
}
type Row = TokenViewRow & OwnRow;
