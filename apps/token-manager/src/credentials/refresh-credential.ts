/** One refresh of one credential, from the claim to the stored pair. Nothing is locked and no transaction is open meanwhile. */
import type { RefreshedCredential, RefreshSecrets } from '@reelay/contracts/provider';
import { isUpstreamError, type UpstreamError } from '@reelay/contracts/upstream-error';
import {
  claimRefresh,
  markRefreshTokenUsed,
  type RefreshClaim,
  type RefreshSubject,
  releaseRefresh,
  type SendingRefresh,
  unmarkRefreshTokenUsed,
} from '@reelay/db/tokens/refresh-claim';
import { crashPoint } from '@reelay/platform/crash-point';
import { newUlid } from '@reelay/platform/ulid';
import { type AccountAccess, openAccount } from './account-call.js';
import { keepRefreshed } from './keep-refreshed.js';
import type { RefreshOutcome, RefreshParts } from './refresh-outcome.js';

const callTimeoutMs = 15_000;
/** Longer than both calls and the storing of what they gave; only a dead process is overtaken. */
export const refreshLeaseMs = 60_000;

export async function refreshCredential(
  parts: RefreshParts,
  { id, version }: { id: string; version: number },
): Promise<RefreshOutcome> {
  const claim: RefreshClaim = { id, version, claim: newUlid() };
  const subject = await claimRefresh(parts.database, { ...claim, leaseMs: refreshLeaseMs });
  if (!subject) return { outcome: 'held' };
  try {
    return await refreshClaimed(parts, claim, subject);
  } finally {
    await releaseRefresh(parts.database, claim).catch((error: unknown) => {
      parts.log.warn({ error, tokenId: id }, 'the claim of a refresh could not be given back, it ends by itself');
    });
  }
}

/** The session token may be asked at will, so it goes first; the refresh token is used up by the asking. */
async function refreshClaimed(
  parts: RefreshParts,
  claim: RefreshClaim,
  subject: RefreshSubject,
): Promise<RefreshOutcome> {
  const sessionToken = parts.vault.openOptional(claim.id, 'session_token_sealed', subject.sessionTokenSealed);
  const refreshToken = parts.vault.openOptional(claim.id, 'refresh_token_sealed', subject.refreshTokenSealed);
  let last: RefreshOutcome = {
    outcome: 'exhausted',
    reason: subject.refreshWarning ?? (subject.isRefreshTokenUsed ? outcomeUnknown : nothingStored),
  };
  if (sessionToken !== undefined) {
    const asked = await ask(await open(parts, claim, subject), { sessionToken });
    if ('refreshed' in asked) return keepRefreshed(parts, claim, asked.refreshed, null);
    last = { outcome: isRejection(asked.error) ? 'exhausted' : 'failed', reason: asked.error.message };
  }
  if (refreshToken === undefined) return last;
  const exchanged = await exchange(parts, claim, subject, refreshToken);
  // A session token that may still be good is a way left.
  return exchanged.outcome === 'exhausted' && last.outcome === 'failed' ? last : exchanged;
}

async function exchange(
  parts: RefreshParts,
  claim: RefreshClaim,
  subject: RefreshSubject,
  refreshToken: string,
): Promise<RefreshOutcome> {
  // All that can fail here comes before the mark: what was never sent must not count as used.
  const { provider, context } = await open(parts, claim, subject);
  const clientId = subject.clientId === null ? {} : { clientId: subject.clientId };
  let isSent = false;
  const fetch: typeof context.fetch = (...request) => {
    isSent = true;
    return context.fetch(...request);
  };
  const sending: SendingRefresh = { ...claim, macs: parts.vault.macsOf(refreshToken) };
  const marked = await markRefreshTokenUsed(parts.database, sending);
  if (marked === 'lost') return { outcome: 'held' };
  if (marked === 'sent_before') return { outcome: 'exhausted', reason: sentBefore };
  crashPoint('refresh.before-call');
  let asked: Asked;
  try {
    asked = await ask({ provider, context: { ...context, fetch } }, { refreshToken, ...clientId });
  } catch (error) {
    if (!isSent) await unmarkRefreshTokenUsed(parts.database, sending);
    throw error;
  }
  if ('refreshed' in asked) return keepRefreshed(parts, claim, asked.refreshed, sending.macs);
  const { error } = asked;
  if (isRejection(error)) return { outcome: 'exhausted', reason: error.message };
  if (error.submitClass === 'unknown') return { outcome: 'exhausted', reason: outcomeUnknown };
  await unmarkRefreshTokenUsed(parts.database, sending);
  return { outcome: 'failed', reason: error.message };
}

const nothingStored =
  'Neither a session token nor a refresh token is stored to renew the access token with. Add the account again with a new one.';
const sentBefore =
  'The same refresh token was sent before, for another row or an import, and may be good for one use only, so it is not sent again. Add the account again with a new credential.';
const outcomeUnknown =
  'The refresh token was sent and no answer came, so it may be used up and is not sent again. Add the account again with a new credential.';

function open(parts: RefreshParts, claim: RefreshClaim, subject: RefreshSubject): Promise<AccountAccess> {
  return openAccount(parts, {
    ...{ tokenId: claim.id, version: claim.version, provider: subject.provider, target: subject.target },
    accessToken: parts.vault.open(claim.id, 'access_token_sealed', subject.accessTokenSealed),
    proxyUrl: parts.vault.openProxy(claim.id, subject),
    secrets: [
      parts.vault.openOptional(claim.id, 'session_token_sealed', subject.sessionTokenSealed),
      parts.vault.openOptional(claim.id, 'refresh_token_sealed', subject.refreshTokenSealed),
    ],
    operation: 'refresh',
    timeoutMs: callTimeoutMs,
  });
}

type Asked = { refreshed: RefreshedCredential } | { error: UpstreamError };

async function ask({ provider, context }: AccountAccess, secrets: RefreshSecrets): Promise<Asked> {
  try {
    return { refreshed: await provider.refresh(secrets, context) };
  } catch (error) {
    if (isUpstreamError(error)) return { error };
    throw error;
  }
}

function isRejection(error: UpstreamError): boolean {
  return error.submitClass === 'refused' && error.tokenEffect.effect === 'credential_rejected';
}
