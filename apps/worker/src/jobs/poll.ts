/** The poll job: one round for everything of ours that is or may be on one account, then it puts itself off until the next. */
import type { Settings } from '@reelay/contracts/settings';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { expireAttempts } from '@reelay/db/attempts/expire-attempts';
import { findOpenAttempts, type PolledToken } from '@reelay/db/attempts/find-open-attempts';
import { markLateSentUnknown } from '@reelay/db/attempts/mark-unknown';
import { coolToken } from '@reelay/db/tokens/cool-token';
import type { JobContext, JobResult } from '@reelay/platform/consume';
import { announce, ringDispatch } from '../announce.js';
import { failurePauseMs } from '../polling/failure-counts.js';
import { type PollRound, pollAcked } from '../polling/poll-acked.js';
import { type OpenWork, pollIntervalMs } from '../polling/poll-interval.js';
import { isAcked } from '../polling/sort-outcomes.js';
import { reconcileUnknown } from '../reconcile/reconcile-unknown.js';
import { describeFailure } from '../submit/decide-submit-outcome.js';
import { longestSubmitMs } from '../submit/longest-submit.js';
import { type Account, openAccount } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';

export async function pollToken(
  parts: WorkerParts,
  { tokenId }: { tokenId: string },
  context: JobContext,
): Promise<JobResult> {
  const settings = await parts.settings.read();
  await giveUpSenders(parts, tokenId, settings, context);
  const token = await findOpenAttempts(parts.database, tokenId);
  if (!token || token.attempts.length === 0) return end(parts, tokenId);
  let account: Account | undefined;
  const failures: unknown[] = [];
  const open: OpenWork[] = token.attempts
    .filter((attempt) => attempt.state === 'sent')
    .map((attempt) => ({ kind: 'sent', leftMs: longestSubmitMs(settings) - attempt.sentAgoMs }));
  try {
    account = await openAccount(parts, { ...token, tokenId });
    for await (const work of workThrough({ parts, account, settings, context }, token, failures)) open.push(work);
  } catch (error) {
    failures.push(error);
  }
  await giveUpRenders(parts, tokenId, settings, context);
  // What was cut off by the end of this process says nothing about the upstream.
  context.signal.throwIfAborted();
  if (failures.length > 0) return putOff(parts, { tokenId, account, failures, settings }, context);
  parts.pollFailures.clear(tokenId);
  const againInMs = pollIntervalMs(open, boundsOf(parts, settings));
  return againInMs === undefined ? undefined : { againInMs };
}

/** Polling and reconciling fail apart: a list that cannot be read must not keep finished tasks waiting. */
async function* workThrough(round: PollRound, token: PolledToken, failures: unknown[]): AsyncGenerator<OpenWork> {
  const works = [
    () => pollAcked(round, token.attempts.filter(isAcked)),
    ...token.attempts
      .filter((attempt) => attempt.state === 'unknown')
      .map((attempt) => () => reconcileUnknown({ ...round, token, attempt })),
  ];
  for (const work of works) {
    try {
      yield* await work();
    } catch (error) {
      failures.push(error);
    }
  }
}

async function giveUpSenders(
  parts: WorkerParts,
  tokenId: string,
  settings: Settings,
  { log }: JobContext,
): Promise<void> {
  for (const late of await markLateSentUnknown(parts.database, tokenId, longestSubmitMs(settings))) {
    log.warn({ ...late, tokenId }, 'sender is gone, outcome of the submit is unknown');
  }
}

async function giveUpRenders(
  parts: WorkerParts,
  tokenId: string,
  settings: Settings,
  { log }: JobContext,
): Promise<void> {
  const expired = await expireAttempts(parts.database, tokenId, settings['render.maximumMs']);
  for (const { attemptId, generationId, event } of expired) {
    log.error({ attemptId, generationId, tokenId }, 'render took longer than allowed, given up');
    await announce(parts, [event]);
  }
  if (expired.length > 0) await ringDispatch(parts);
}

function end(parts: WorkerParts, tokenId: string): undefined {
  parts.pollFailures.clear(tokenId);
}

interface FailedRound {
  tokenId: string;
  account: Account | undefined;
  failures: readonly unknown[];
  settings: Settings;
}

/** Nothing is lost by a failed round; only what is the account's own fault is held against it. */
async function putOff(parts: WorkerParts, failed: FailedRound, { log }: JobContext): Promise<JobResult> {
  const { tokenId, account, failures, settings } = failed;
  const count = parts.pollFailures.add(tokenId);
  const againInMs = failurePauseMs(count, boundsOf(parts, settings));
  for (const failure of failures) {
    log.warn({ tokenId, reason: describeFailure(failure), failures: count, againInMs }, 'round of polling failed');
    if (!isUpstreamError(failure)) {
      log.debug({ error: failure }, 'what failed');
    } else if (failure.tokenEffect.effect === 'credential_rejected' && account) {
      await renewCredential(parts, account, log);
    } else if (failure.tokenEffect.effect === 'cool_down' && failure.fault === 'token') {
      const forMs = failure.tokenEffect.retryAfterMs ?? settings['token.coolDownMs'];
      await coolToken(parts.database, { tokenId, slotKind: 'video', forMs });
    }
  }
  return { againInMs };
}

async function renewCredential(parts: WorkerParts, account: Account, log: JobContext['log']): Promise<void> {
  try {
    await parts.credentials.renew(account.tokenId, account.credential.version);
  } catch (error) {
    log.warn({ tokenId: account.tokenId, reason: describeFailure(error) }, 'credential not renewed');
  }
}

function boundsOf(parts: WorkerParts, settings: Settings) {
  return { minimumMs: settings['poll.minimumMs'], maximumMs: settings['poll.maximumMs'], random: parts.random };
}
