/** One call for all accepted tasks of a token, and everything it said written at once. */

import type { Settings } from '@reelay/contracts/settings';
import { writePollOutcomes } from '@reelay/db/attempts/write-poll-outcomes';
import type { JobContext } from '@reelay/platform/consume';
import { crashPoint } from '@reelay/platform/crash-point';
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

/** Returns those that are still rendering. @throws UpstreamError */
export async function pollAcked(round: PollRound, attempts: readonly AckedAttempt[]): Promise<OpenWork[]> {
  if (attempts.length === 0) return [];
  const { parts, account, settings, context } = round;
  const call = callContext(parts, account, { operation: 'poll', signal: context.signal, settings });
  const outcomes = await account.provider.poll(
    attempts.map((attempt) => attempt.operation),
    call,
  );
  const sorted = sortOutcomes(attempts, outcomes);
  const hasNews = Object.values(sorted).some((list) => list.length > 0);
  if (hasNews) await write(round, sorted);
  return stillRendering(attempts, sorted);
}

async function write({ parts, account, context }: PollRound, sorted: ReturnType<typeof sortOutcomes>): Promise<void> {
  const written = await writePollOutcomes(parts.database, sorted, () => crashPoint('poll.before-commit'));
  crashPoint('poll.after-commit');
  await parts.queues.enqueueMany(
    'finish',
    written.fetching.map((generationId) => ({ generationId })),
  );
  if (written.closed.length > 0) await ringDispatch(parts);
  await announce(parts, written.events);
  const { tokenId } = account;
  const closed = new Set(written.closed);
  for (const { attemptId, generationId } of sorted.done) {
    if (closed.has(attemptId))
      context.log.info({ attemptId, generationId, tokenId }, 'rendered, its media are fetched');
  }
  for (const { attemptId, generationId, error } of sorted.refused) {
    if (closed.has(attemptId)) {
      context.log.info({ attemptId, generationId, tokenId, reason: error.code }, 'the upstream gave the task up');
    }
  }
}

function stillRendering(attempts: readonly AckedAttempt[], sorted: ReturnType<typeof sortOutcomes>): OpenWork[] {
  const over = new Set([...sorted.done, ...sorted.refused].map((outcome) => outcome.attemptId));
  const heard = new Map(sorted.pending.map(({ attemptId, progress }) => [attemptId, progress]));
  return attempts
    .filter((attempt) => !over.has(attempt.id))
    .map((attempt) => ({
      kind: 'rendering',
      sinceMs: attempt.ackedAgoMs ?? attempt.sentAgoMs,
      progress: heard.get(attempt.id) ?? attempt.progress,
    }));
}
