/** Turns a row's session or refresh token into an access token. A refresh token is good for one use, so its sending is written down first. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RefreshedCredential, RefreshSecrets } from '@reelay/contracts/provider';
import { isUpstreamError, type UpstreamError } from '@reelay/contracts/upstream-error';
import { keepPayload, markSent, type SentMark, unmarkSent } from '@reelay/db/batches/claim-rows';
import { isOutage } from '@reelay/db/outage';
import { findProxy } from '@reelay/db/tokens/proxy-of-token';
import { isUniqueViolation } from '@reelay/db/transaction';
import { crashPoint } from '@reelay/platform/crash-point';
import { newUlid } from '@reelay/platform/ulid';
import { isPassing, outcome, type RowOutcome } from '../batches/row-outcome.js';
import { type AccountAccess, openAccount } from '../credentials/account-call.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { type Payload, placeOf } from './account-of-row.js';
import type { RowWork } from './import-row.js';
import { sealPayload } from './payload.js';

const timeoutMs = 20_000;

/** The row with its access token, or what became of it instead. */
export async function exchangeToken(
  parts: TokenManagerParts,
  work: RowWork,
  row: Payload,
  way: 'session' | 'refresh',
): Promise<Payload | RowOutcome> {
  const access = await open(parts, work, row);
  if (way === 'session') {
    const asked = await ask(access, { sessionToken: row.sessionToken ?? '' });
    return 'error' in asked ? refused(asked.error, 'session token') : keep(parts, work, row, asked.refreshed);
  }
  return exchangeOnce(parts, work, row, access);
}

const unknownOutcome =
  'The refresh token was sent and no answer came, so it may be used up and is not sent again. Import the account with a new one.';
const sentBefore =
  'The same refresh token was sent for another row, and may be good for one use only. It is not sent a second time.';

async function exchangeOnce(
  parts: TokenManagerParts,
  work: RowWork,
  row: Payload,
  access: AccountAccess,
): Promise<Payload | RowOutcome> {
  // Sent by a process that did not live to tell.
  if (work.row.sentMac !== null) return outcome('failed', null, unknownOutcome);
  const refreshToken = row.refreshToken ?? '';
  const mark: SentMark = {
    batchId: work.batch.id,
    n: work.row.n,
    claim: work.claim,
    macs: parts.vault.macsOf(refreshToken),
  };
  if (!(await tryToMark(parts, mark))) return outcome('failed', null, sentBefore);
  const clientId = row.clientId ?? work.batch.options.clientId;
  const asked = await ask(access, { refreshToken, ...(clientId === undefined ? {} : { clientId }) });
  if ('error' in asked) {
    if (asked.error.submitClass === 'unknown') return outcome('failed', null, unknownOutcome);
    if (!isRejection(asked.error)) await unmarkSent(parts.database, mark);
    return refused(asked.error, 'refresh token');
  }
  crashPoint('import.before-keep');
  const kept = await keep(parts, work, row, asked.refreshed);
  // The upstream did not replace it: it may be sent again.
  if (asked.refreshed.refreshToken === undefined) await unmarkSent(parts.database, mark);
  return kept;
}

async function tryToMark({ database }: TokenManagerParts, mark: SentMark): Promise<boolean> {
  try {
    return await markSent(database, mark);
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

const keepForMs = 30_000;
const pauseMs = 250;

/** Before anything else, and for as long as the claim lasts: what the upstream gave exists nowhere else. */
async function keep(
  { database, vault, log }: TokenManagerParts,
  { batch, row: { n }, claim }: RowWork,
  row: Payload,
  { accessToken, refreshToken = row.refreshToken }: RefreshedCredential,
): Promise<Payload> {
  const converted: Payload = { ...row, accessToken, refreshToken, isConverted: true };
  const payloadSealed = sealPayload(vault, batch.id, n, converted);
  const deadline = performance.now() + keepForMs;
  for (;;) {
    try {
      await keepPayload(database, { batchId: batch.id, n, claim, payloadSealed });
      return converted;
    } catch (error) {
      if (!isOutage(error) || performance.now() >= deadline) throw error;
      log.warn({ error, batchId: batch.id, row: n }, 'an exchanged token cannot be stored yet, trying on');
      await delay(pauseMs);
    }
  }
}

async function open(parts: TokenManagerParts, { batch, row: { n } }: RowWork, row: Payload): Promise<AccountAccess> {
  const tokenId = newUlid();
  const proxyUrl = row.proxyUrl ?? parts.vault.openProxy(tokenId, await findProxy(parts.database, undefined));
  parts.log.debug({ batchId: batch.id, row: n }, 'token of an import is exchanged');
  return openAccount(parts, {
    ...{ tokenId, version: 0, ...placeOf(row, batch.options), accessToken: row.accessToken ?? '', proxyUrl },
    ...{ operation: 'refresh', timeoutMs, secrets: [row.sessionToken, row.refreshToken] },
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

function refused(error: UpstreamError, name: string): RowOutcome {
  if (!isRejection(error)) {
    const failed = outcome('failed', null, `The ${name} could not be exchanged now: ${error.message}`);
    return { ...failed, isPassing: isPassing(error) };
  }
  return outcome('invalid', null, `The upstream does not accept the ${name}: ${error.message}`);
}
