/** A row of an import as the pool would take it up, and how that differs from what the pool has. */
import type { BatchOptions } from '@reelay/contracts/batches';
import { AppError } from '@reelay/contracts/errors';
import type { ImportRow } from '@reelay/contracts/import/import-row';
import type { AddToken } from '@reelay/contracts/tokens';
import type { StoredSecrets } from '@reelay/db/batches/read-accounts';
import { getUpstream } from '../credentials/account-call.js';
import type { Vault } from '../credentials/vault.js';
import type { TokenManagerParts } from '../token-manager-parts.js';

/** What a row holds once it is in a batch: a row, and whether its refresh or session token was exchanged for the access token already. */
export interface Payload extends ImportRow {
  isConverted?: boolean;
}

/** What the row says itself comes before what the whole import says. */
export function placeOf(row: ImportRow, options: BatchOptions): Pick<AddToken, 'provider' | 'target'> {
  return {
    provider: 'sora',
    target: row.target ?? (options.target === 'simulator' ? 'simulator' : 'sora'),
  };
}

export function accountOf(row: ImportRow, options: BatchOptions): AddToken {
  const { accessToken, sessionToken, refreshToken, label, proxyUrl } = row;
  const clientId = row.clientId ?? options.clientId;
  const imageLimit = row.imageLimit ?? options.imageLimit;
  const videoLimit = row.videoLimit ?? options.videoLimit;
  return {
    ...placeOf(row, options),
    accessToken: accessToken ?? '',
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(label === undefined ? {} : { label }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(imageLimit === undefined ? {} : { imageLimit }),
    ...(videoLimit === undefined ? {} : { videoLimit }),
  };
}

/** No e-mail address is longer. */
const longestIdentity = 320;

export interface Claims {
  identity: string | null;
  expiresAt: number | null;
}

/**
 * Who the account is without asking anybody: by its access token, and where that does not name it, by the file.
 *
 * @throws AppError `invalid_value` where this installation has no way to its upstream, or the name is none
 */
export function readClaims(
  parts: Pick<TokenManagerParts, 'providers' | 'targets'>,
  row: ImportRow,
  options: BatchOptions,
): Claims {
  const { provider } = getUpstream(parts, placeOf(row, options));
  const claims = row.accessToken === undefined ? undefined : provider.identify(row.accessToken);
  const identity = claims?.identity ?? row.identity ?? row.email ?? null;
  // Whoever made the token up: what no database can store must not stop the rows around it.
  if (identity !== null && (identity.length > longestIdentity || /[\p{Cc}\p{Surrogate}]/u.test(identity))) {
    throw new AppError('invalid_value', 'The access token does not name an account that can be. Copy it again.');
  }
  return { identity, expiresAt: claims?.expiresAt ?? null };
}

/** Whether taking the row up would change nothing about an account of the pool. What the row leaves out does not count. */
export function isUnchanged(vault: Vault, known: StoredSecrets, row: ImportRow, options: BatchOptions): boolean {
  if (known.isHidden || known.state === 'needs_attention') return false;
  const account = accountOf(row, options);
  const isSame = (given: unknown, stored: unknown) => given === undefined || given === stored;
  return (
    isSame(account.clientId, known.clientId) &&
    isSame(account.label, known.label) &&
    isSame(account.imageLimit, known.imageLimit) &&
    isSame(account.videoLimit, known.videoLimit) &&
    isSame(row.imageEnabled, known.imageEnabled) &&
    isSame(row.videoEnabled, known.videoEnabled) &&
    isSame(row.weight, known.weight) &&
    isSame(row.usedByPeople, known.usedByPeople) &&
    !(row.isActive === false && known.state !== 'disabled') &&
    isSame(row.accessToken, vault.open(known.id, 'access_token_sealed', known.accessTokenSealed)) &&
    isSame(row.sessionToken, vault.openOptional(known.id, 'session_token_sealed', known.sessionTokenSealed)) &&
    isSame(row.refreshToken, vault.openOptional(known.id, 'refresh_token_sealed', known.refreshTokenSealed)) &&
    isSame(row.proxyUrl, vault.openOptional(known.id, 'proxy_sealed', known.proxySealed))
  );
}

export function missing(what: string, mode: string): AppError {
  return new AppError('invalid_value', `The row has no ${what}, which an import in mode "${mode}" begins with.`);
}
