/** From what the upstream said to what is written: pure. */
import { isTerminal, nextProgress } from '@reelay/contracts/domain';
import { laneKey, parseLane } from '@reelay/contracts/lane';
import type { Operation, PollOutcome } from '@reelay/contracts/provider';
import type { PolledAttempt } from '@reelay/db/attempts/find-open-attempts';
import type { PollOutcomes } from '@reelay/db/attempts/write-poll-outcomes';

export type AckedAttempt = PolledAttempt & { state: 'acked'; operation: Operation };

export function isAcked(attempt: PolledAttempt): attempt is AckedAttempt {
  return attempt.state === 'acked' && attempt.operation !== null;
}

/** Clients are told of progress at most this often. */
const eventEveryMs = 1_000;

export interface SortOptions {
  tokenId: string;
  /** For attempts that are opened by it. */
  newId: () => string;
}

/** An operation without an outcome could not be asked for this time; it is as pending as before. */
export function sortOutcomes(
  attempts: readonly AckedAttempt[],
  outcomes: ReadonlyMap<string, PollOutcome>,
  { tokenId, newId }: SortOptions,
): PollOutcomes {
  const sorted: PollOutcomes = { pending: [], progressed: [], done: [], next: [], refused: [] };
  for (const attempt of attempts) {
    const outcome = outcomes.get(attempt.operation.id) ?? { state: 'pending' };
    const { id: attemptId, generationId } = attempt;
    if (outcome.state === 'done') {
      const { operation, media, text, character } = outcome;
      const extras = { ...(text !== undefined && { text }), ...(character && { character }) };
      sorted.done.push({ attemptId, generationId, operation, media, extras });
    } else if (outcome.state === 'next') {
      const { operation, carried } = outcome;
      const lane = laneKey({ ...parseLane(attempt.generation.lane), tokenId });
      sorted.next.push({ attemptId, generationId, operation, carried, lane, nextAttemptId: newId() });
    } else if (outcome.state === 'refused') {
      sorted.refused.push({ attemptId, generationId, error: outcome.error });
    } else if (outcome.progress !== undefined) {
      sortProgress(sorted, attempt, outcome.progress);
    }
  }
  return sorted;
}

function sortProgress(sorted: PollOutcomes, attempt: AckedAttempt, reported: number): void {
  const heard = nextProgress(attempt.progress, reported);
  if (heard > attempt.progress) sorted.pending.push({ attemptId: attempt.id, progress: heard });
  const { state, progress, lastEventAgoMs } = attempt.generation;
  const told = nextProgress(progress, reported);
  const isDue = lastEventAgoMs === null || lastEventAgoMs >= eventEveryMs;
  if (isTerminal(state) || told <= progress || !isDue) return;
  const { id: attemptId, generationId } = attempt;
  sorted.progressed.push({ attemptId, generationId, stage: 'rendering', progress: told });
}
