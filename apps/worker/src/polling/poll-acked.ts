/** One call for all accepted tasks of a token, and everything it said written at once. */
import { type SlotKind, slotKindOf } from '@reelay/contracts/domain';
import type { PollOutcome } from '@reelay/contracts/provider';
import type { Settings } from '@reelay/contracts/settings';
import type { PolledAttempt } from '@reelay/db/attempts/find-open-attempts';
import { type PollOutcomes, type WrittenOutcomes, writePollOutcomes } from '@reelay/db/attempts/write-poll-outcomes';
import type { JobContext } from '@reelay/platform/consume';
import { crashPoint } from '@reelay/platform/crash-point';
import { newUlid } from '@reelay/platform/ulid';
import { announce, ringDispatch } from '../announce.js';
import { type Account, callContext } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';
import type { OpenWork } from './poll-interval.js';
import { type AckedAttempt, sortOutcomes } from './sort-outcomes.js';

export interface PollRound {
  parts: WorkerParts;
  account: Account;
  settings: Settings;
  context: JobContext;
}

/** Something that could not be asked, and whose kinds of work a fault of the account in it concerns. */
export interface RoundFailure {
  error: unknown;
  slotKinds: readonly SlotKind[];
}

export interface PolledTasks {
  open: OpenWork[];
  /** Of lists that could not be read while others could. */
  failures: RoundFailure[];
  /** Tasks that were found to be over, by the kind of list they stood on. */
  finished: Record<SlotKind, number>;
}

/** @throws UpstreamError when nothing could be asked */
export async function pollAcked(round: PollRound, attempts: readonly AckedAttempt[]): Promise<PolledTasks> {
  const { parts, account, settings, context } = round;
  const call = callContext(parts, account, { operation: 'poll', signal: context.signal, settings });
  const operations = attempts.map((attempt) => attempt.operation);
  const { outcomes, failures } = await account.provider.poll(operations, call);
  const sorted = sortOutcomes(attempts, outcomes, { tokenId: account.tokenId, newId: () => newUlid() });
  const hasNews = Object.values(sorted).some((list) => list.length > 0);
  if (hasNews) await write(round, sorted);
  const slotKinds = kindsInDoubt(attempts, outcomes);
  return {
    open: stillRendering(attempts, sorted),
    failures: failures.map((error) => ({ error, slotKinds })),
    finished: countFinished(attempts, sorted),
  };
}

export function slotKindsOf(attempts: readonly PolledAttempt[]): SlotKind[] {
  return [...new Set(attempts.map(({ generation }) => slotKindOf(generation.kind) ?? 'video'))];
}

/** What has no outcome is what could not be asked; where everything has one, the failure may concern anything. */
function kindsInDoubt(attempts: readonly AckedAttempt[], outcomes: ReadonlyMap<string, PollOutcome>): SlotKind[] {
  const unheard = attempts.filter(({ operation }) => !outcomes.has(operation.id));
  return slotKindsOf(unheard.length > 0 ? unheard : attempts);
}

async function write(round: PollRound, sorted: PollOutcomes): Promise<void> {
  const { parts } = round;
  const written = await writePollOutcomes(parts.database, sorted, () => crashPoint('poll.before-commit'));
  crashPoint('poll.after-commit');
  const jobs = (ids: readonly string[]) => ids.map((generationId) => ({ generationId }));
  await parts.queues.enqueueMany('run', jobs(written.stepped));
  await parts.queues.enqueueMany('finish', jobs(written.fetching));
  if (written.closed.length > 0) await ringDispatch(parts);
  await announce(parts, written.events);
  log(round, sorted, written);
}

function log({ account, context }: PollRound, sorted: PollOutcomes, written: WrittenOutcomes): void {
  const { tokenId } = account;
  const closed = new Set(written.closed);
  for (const { attemptId, generationId } of sorted.done) {
    if (closed.has(attemptId))
      context.log.info({ attemptId, generationId, tokenId }, 'rendered, its media are fetched');
  }
  for (const { attemptId, generationId } of sorted.next) {
    if (closed.has(attemptId)) context.log.info({ attemptId, generationId, tokenId }, 'step is over, the next begins');
  }
  for (const { attemptId, generationId, error } of sorted.refused) {
    if (closed.has(attemptId)) {
      context.log.info({ attemptId, generationId, tokenId, reason: error.code }, 'the upstream gave the task up');
    }
  }
}

function idsOfEnded({ done, next, refused }: PollOutcomes): Set<string> {
  return new Set([...done, ...next, ...refused].map((outcome) => outcome.attemptId));
}

function stillRendering(attempts: readonly AckedAttempt[], sorted: PollOutcomes): OpenWork[] {
  const over = idsOfEnded(sorted);
  const heard = new Map(sorted.pending.map(({ attemptId, progress }) => [attemptId, progress]));
  return attempts
    .filter((attempt) => !over.has(attempt.id))
    .map((attempt) => ({
      kind: 'rendering',
      sinceMs: attempt.ackedAgoMs ?? attempt.sentAgoMs,
      progress: heard.get(attempt.id) ?? attempt.progress,
    }));
}

/** Only what is found by elimination stands on a list; the other steps are asked for one by one. */
function countFinished(attempts: readonly AckedAttempt[], sorted: PollOutcomes): Record<SlotKind, number> {
  const over = idsOfEnded(sorted);
  const finished = { image: 0, video: 0 };
  for (const attempt of attempts) {
    if (over.has(attempt.id) && attempt.takesTurn) finished[slotKindOf(attempt.generation.kind) ?? 'video'] += 1;
  }
  return finished;
}
