/** Adds an upstream account, or gives a known one its new credential: the same account is never in the pool twice. */
import { AppError, isAppError } from '@reelay/contracts/errors';
import type { AccountInspection } from '@reelay/contracts/provider';
import type { AddedToken, AddToken } from '@reelay/contracts/tokens';
import { isUpstreamError, type UpstreamError } from '@reelay/contracts/upstream-error';
import { findKnownToken } from '@reelay/db/tokens/find-known-token';
import { findToken } from '@reelay/db/tokens/list-tokens';
import { findProxy } from '@reelay/db/tokens/proxy-of-token';
import { beginInspection, type InspectionStart, recordInspection } from '@reelay/db/tokens/record-inspection';
import { newUlid } from '@reelay/platform/ulid';
import { getUpstream, openAccount } from '../credentials/account-call.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { inspectToken } from './inspect-token.js';
import { type StoredAccount, storeAccount } from './store-account.js';

/** Somebody waits for the answer; an upstream that is slower than this is asked again by a timer. */
const inspectTimeoutMs = 8_000;

/** @throws AppError `invalid_value`, `country_not_supported` */
export async function addToken(
  parts: TokenManagerParts,
  add: AddToken,
  { isOneOfMany = false }: { isOneOfMany?: boolean } = {},
): Promise<AddedToken> {
  getUpstream(parts, add);
  const account = await identify(parts, add);
  const stored = await storeAccount(parts, add, account);
  const { id } = stored;
  let isInspected = false;
  if (account.inspection) {
    await recordInspection(parts.database, id, account.inspection, account.start);
    isInspected = true;
  } else if (account.isRejected) {
    isInspected = await replaceAtOnce(parts, stored);
  }
  parts.log.info({ tokenId: id, isNew: stored.isNew, isInspected }, 'account added');
  if (!isOneOfMany) {
    // Whoever added it may ask for a video with the next request: the gateway must know by then.
    await parts.lanes.refresh();
    await parts.queues.enqueue('dispatch', {});
  }
  const view = await findToken(parts.database, id);
  if (!view) throw new AppError('not_found', 'The account was deleted while it was being added.');
  return { ...view, created: stored.isNew, inspected: isInspected };
}

interface Identified {
  /** What the account's row will be called if it is a new one; the upstream is shown one client per account from the first call on. */
  newId: string;
  identity: string;
  expiresAt: number | null;
  inspection: AccountInspection | undefined;
  start?: InspectionStart;
  /** The access token is dead already, but there is something to replace it with. */
  isRejected: boolean;
}

/** By the upstream's word; while it cannot be asked, by what the access token says of itself. */
async function identify(parts: TokenManagerParts, add: AddToken): Promise<Identified> {
  const { provider } = getUpstream(parts, add);
  const claims = provider.identify(add.accessToken);
  const { expiresAt } = claims;
  const newId = newUlid();
  const asked = await ask(parts, add, { identity: claims.identity, newId });
  if ('inspection' in asked) {
    return { newId, identity: asked.inspection.identity, expiresAt, ...asked, isRejected: false };
  }
  const isRejected = asked.error.tokenEffect.effect === 'credential_rejected';
  if (isRejected && add.sessionToken === undefined && add.refreshToken === undefined) {
    throw refused(
      'The upstream does not accept this access token. Sign in there again and add the new one.',
      asked.error,
    );
  }
  if (asked.error.code === 'country_not_supported') {
    throw new AppError(asked.error.code, asked.error.message, { cause: asked.error });
  }
  if (claims.identity === null) {
    throw refused(
      `The upstream does not say whose access token this is (${asked.error.message}), and neither does the token itself. ` +
        'Copy it whole, or try again when the upstream answers.',
      asked.error,
    );
  }
  return { newId, identity: claims.identity, expiresAt, inspection: undefined, isRejected };
}

async function ask(
  parts: TokenManagerParts,
  add: AddToken,
  { identity, newId }: { identity: string | null; newId: string },
): Promise<{ inspection: AccountInspection; start: InspectionStart } | { error: UpstreamError }> {
  const known = identity === null ? undefined : await findKnownToken(parts.database, { ...add, identity });
  const tokenId = known?.id ?? newId;
  const proxyUrl = add.proxyUrl ?? parts.vault.openProxy(tokenId, await findProxy(parts.database, known?.id));
  const { provider, context } = await openAccount(parts, {
    ...{ tokenId, version: 0, provider: add.provider, target: add.target },
    ...{ accessToken: add.accessToken, proxyUrl, operation: 'inspect', timeoutMs: inspectTimeoutMs },
  });
  // A known account may be given work while it is asked. That its credential is stored meanwhile makes nothing due.
  const start = { ...(await beginInspection(parts.database, tokenId)), mark: undefined };
  try {
    return { inspection: await provider.inspect(context), start };
  } catch (error) {
    if (isUpstreamError(error)) return { error };
    throw error;
  }
}

/** True when the account now has a fresh access token and was inspected with it. Otherwise its row says what is wrong. */
async function replaceAtOnce(parts: TokenManagerParts, { id, version }: StoredAccount): Promise<boolean> {
  try {
    return (await inspectToken(parts, id, version)) !== undefined;
  } catch (error) {
    if (!isUpstreamError(error) && !isAppError(error)) throw error;
    parts.log.warn({ error, tokenId: id }, 'account added, but its credential could not be replaced yet');
    return false;
  }
}

function refused(message: string, cause: unknown): AppError {
  return new AppError('invalid_value', message, { param: 'accessToken', cause });
}
