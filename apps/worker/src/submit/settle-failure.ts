/** A submit that ended without an operation: the journal is brought in order, and the generation goes where its outcome sends it. */
import { slotKindOf } from '@reelay/contracts/domain';
import { AppError, type StoredError, toStoredError } from '@reelay/contracts/errors';
import { parseLane } from '@reelay/contracts/lane';
import type { StepPlan } from '@reelay/contracts/provider';
import type { TokenEvent } from '@reelay/contracts/token-life';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { markUnknown } from '@reelay/db/attempts/mark-unknown';
import { refuseByClientFault, refuseByTokenFault } from '@reelay/db/attempts/refuse-attempt';
import { type Withdrawal, withdrawAttempt } from '@reelay/db/attempts/withdraw-attempt';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import type { JobResult } from '@reelay/platform/consume';
import { announce, ringDispatch } from '../announce.js';
import { decideSubmitOutcome, describeFailure, type SubmitOutcome } from './decide-submit-outcome.js';
import { retryPauseMs } from './retry-pause.js';
import type { SubmitJob } from './submit-job.js';
import { SendForbidden, TurnNotReached } from './submit-journal.js';

/** Time in which a row that may be assigned again is. */
const assignmentMs = 2_000;

export interface SubmitFailure {
  error: unknown;
  /** This process committed `sent`; only then may it speak for an attempt in that state. */
  isSent: boolean;
  /** Of the step; undefined when it was not come to. */
  reconcile: StepPlan['reconcile'] | undefined;
  /** Of the access token it was tried with; undefined when there was none. */
  credentialVersion: number | undefined;
}

export async function settleFailure(job: SubmitJob, failure: SubmitFailure): Promise<JobResult> {
  const { parts, attempt, log, signal } = job;
  const { error, isSent, reconcile = 'none' } = failure;
  if (!isSent) {
    if (error instanceof TurnNotReached && error.heldBy === 'sent') return { againInMs: 1_000 * (1 + parts.random()) };
    if (error instanceof TurnNotReached) return settleWithdrawal(job, await goElsewhere(job, error.message));
    if (error instanceof SendForbidden) return settleForbidden(job, error.why);
    if (parts.draining.aborted) return { againInMs: 0 };
    // The job's lock is lost: another process works on this attempt by now.
    signal.throwIfAborted();
  }
  const outcome = decideSubmitOutcome(error, { isSent, reconcile });
  const reason = describeFailure(error);
  log.warn({ attemptId: attempt.id, tokenId: attempt.tokenId, isSent, reason }, messageOf(outcome));
  if (!isUpstreamError(error)) log.debug({ error }, 'what failed');
  if (outcome.kind === 'unknown') return settleUnknown(job, reason);
  return settleWithdrawal(job, await close(job, { ...failure, outcome, reason, from: isSent ? ['sent'] : ['intent'] }));
}

async function settleWithdrawal({ parts }: SubmitJob, withdrawal: Withdrawal): Promise<JobResult> {
  // Not in the state it should be in: the next run reads where it stands.
  if (!withdrawal.wasClosed) return { againInMs: 1_000 };
  await announce(parts, withdrawal.events);
  await ringDispatch(parts);
  return undefined;
}

/**
 * An unknown submit may hold the token's turn for minutes: the slot is given back, and any other token may take the row at once. This
 * one may too after a while that grows, for it may be the only one, and most unknown submits are found within seconds.
 */
function goElsewhere(job: SubmitJob, reason: string): Promise<Withdrawal> {
  const { parts, attempt, log } = job;
  const { id: attemptId, generationId, fence } = attempt;
  log.info({ attemptId, tokenId: attempt.tokenId, reason }, 'not submitted, back to the lane');
  const whileMs = pauseOf(job);
  return withdrawAttempt(parts.database, {
    ...{ attemptId, generationId, fence, reason, from: ['intent'], to: 'not_sent' },
    pauseMs: isPinned(job) ? whileMs : 0,
    avoid: avoidance(job, whileMs),
    note: 'waiting for an account',
  });
}

async function settleForbidden({ parts, attempt, log }: SubmitJob, why: SendForbidden['why']): Promise<JobResult> {
  log.info({ attemptId: attempt.id, why }, 'not submitted any more');
  if (why !== 'overdue') return undefined;
  const message = 'The generation was not finished by its deadline.';
  await announce(parts, [
    await failGeneration(parts.database, attempt.generationId, { code: 'deadline_exceeded', message }),
  ]);
  await ringDispatch(parts);
  return undefined;
}

async function settleUnknown({ parts, attempt }: SubmitJob, reason: string): Promise<JobResult> {
  await markUnknown(parts.database, attempt.id, reason);
  await parts.queues.enqueue('poll', { tokenId: attempt.tokenId }, { bringForward: true });
  return undefined;
}

interface Failed extends SubmitFailure {
  outcome: Exclude<SubmitOutcome, { kind: 'unknown' }>;
  reason: string;
  from: readonly ('intent' | 'sent')[];
}

function close(job: SubmitJob, failed: Failed): Promise<Withdrawal> {
  const { outcome } = failed;
  if (outcome.kind === 'returned') return returnToLane(job, failed, outcome);
  if (outcome.by === 'token') return blameToken(job, failed, outcome);
  const { attempt, parts } = job;
  const { reason, from, error } = failed;
  const { id: attemptId, generationId } = attempt;
  return refuseByClientFault(parts.database, { attemptId, generationId, from, reason, error: publicError(error) });
}

async function returnToLane(
  job: SubmitJob,
  { from, reason, credentialVersion, error }: Failed,
  outcome: Extract<SubmitOutcome, { kind: 'returned' }>,
): Promise<Withdrawal> {
  const { parts, attempt } = job;
  const isRenewed = outcome.isCredentialRejected && (await renewCredential(job, credentialVersion));
  const pauseMs = pauseOf(job);
  const note =
    outcome.to === 'refused'
      ? 'the upstream is busy, it is tried again'
      : 'it could not be sent yet, it is tried again';
  const { id: attemptId, generationId, fence } = attempt;
  return withdrawAttempt(parts.database, {
    ...{ attemptId, generationId, fence, from, reason, pauseMs, note, to: outcome.to },
    ...(outcome.coolsToken && {
      tokenEvent: { tokenId: attempt.tokenId, event: restOf(job, { error, reason, outcome }) },
    }),
    ...(isDeadProxy(error, outcome) && { proxyFault: proxyPatience(job) }),
    // Longer than the pause, so that others come first; growing with it, for there may be no others.
    ...(outcome.avoidsToken && !isRenewed && { avoid: avoidance(job, 2 * pauseMs + assignmentMs) }),
  });
}

/** One that lets calls through but leads where the upstream serves nobody has made the account rest already. */
function isDeadProxy(error: unknown, outcome: Extract<SubmitOutcome, { kind: 'returned' }>): boolean {
  return outcome.to === 'not_sent' && !outcome.coolsToken && isUpstreamError(error) && error.fault === 'proxy';
}

function proxyPatience({ settings }: SubmitJob) {
  return {
    threshold: settings['proxy.faultThreshold'],
    openMs: settings['proxy.openMs'],
    longestMs: settings['proxy.openLongestMs'],
  };
}

function blameToken(
  job: SubmitJob,
  { from, reason, error }: Failed,
  outcome: Extract<SubmitOutcome, { by: 'token' }>,
): Promise<Withdrawal> {
  const { parts, attempt, settings } = job;
  return refuseByTokenFault(parts.database, {
    attemptId: attempt.id,
    generationId: attempt.generationId,
    fence: attempt.fence,
    from,
    reason,
    error: publicError(error),
    tokenId: attempt.tokenId,
    tokenEvent: { type: 'fault', ...restEvent(job, { reason, outcome }), rests: outcome.coolsToken },
    excludedForMs: outcome.retryAfterMs ?? settings['token.coolDownMs'],
    isPinned: isPinned(job),
    maximumRefusals: settings['submit.maximumRefusals'],
    note: 'the account could not take it, another one is tried',
  });
}

/** Once: whether the new one is accepted shows the next attempt. False when there is no new one. */
async function renewCredential({ parts, attempt, log }: SubmitJob, staleVersion: number | undefined): Promise<boolean> {
  if (staleVersion === undefined) return false;
  try {
    const { version } = await parts.credentials.renew(attempt.tokenId, staleVersion, {
      attemptId: attempt.id,
      key: attempt.routeKey,
    });
    return version !== staleVersion;
  } catch (error) {
    log.warn({ tokenId: attempt.tokenId, reason: describeFailure(error) }, 'credential not renewed');
    return false;
  }
}

function pauseOf({ parts, subject, settings }: SubmitJob): number {
  return retryPauseMs(subject.deferrals, {
    minimumMs: settings['submit.retryMinimumMs'],
    maximumMs: settings['submit.retryMaximumMs'],
    random: parts.random,
  });
}

/** A pinned row has no other token, so it is never kept from its own. */
function avoidance(job: SubmitJob, excludedForMs: number) {
  return isPinned(job) ? undefined : { tokenId: job.attempt.tokenId, excludedForMs };
}

function isPinned({ subject }: SubmitJob): boolean {
  return parseLane(subject.lane).tokenId !== undefined;
}

interface AskedRest {
  reason: string;
  outcome: { retryAfterMs: number | undefined };
}

/** Only the account's own fault counts against it; that its proxy's address is barred does not. */
function restOf(job: SubmitJob, asked: AskedRest & { error: unknown }): TokenEvent {
  const isOwnFault = isUpstreamError(asked.error) && asked.error.fault === 'token';
  const rest = restEvent(job, asked);
  return isOwnFault ? { type: 'fault', ...rest, rests: true } : { type: 'held_off', ...rest };
}

function restEvent({ subject }: SubmitJob, { reason, outcome: { retryAfterMs } }: AskedRest) {
  return { slotKinds: [slotKindOf(subject.request.kind) ?? 'video'], reason, retryAfterMs };
}

function publicError(error: unknown): StoredError {
  return toStoredError(isUpstreamError(error) ? new AppError(error.code, error.message) : error);
}

function messageOf(outcome: SubmitOutcome): string {
  if (outcome.kind === 'unknown') return 'outcome of the submit is unknown, it is reconciled';
  if (outcome.kind === 'returned') return 'not submitted, back to the lane';
  return outcome.by === 'client'
    ? 'submit refused, the generation fails'
    : 'submit refused by the account, another one is tried';
}
