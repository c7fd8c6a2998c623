/** From what the upstream said to what is written: pure. */
import { isTerminal, nextProgress } from '@reelay/contracts/domain';
import type { Operation, PollOutcome } from '@reelay/contracts/provider';
import type { PolledAttempt } from '@reelay/db/attempts/find-open-attempts';
import type { PollOutcomes } from '@reelay/db/attempts/write-poll-outcomes';

export type AckedAttempt = PolledAttempt & { state: 'acked'; operation: Operation };

export function isAcked(attempt: PolledAttempt): attempt is AckedAttempt {
  return attempt.state === 'acked' && attempt.operation !== null;
}

/** Clients are told of progress at most this often. */
const eventEveryMs = 1_000;

export function sortOutcomes(
  attempts: readonly AckedAttempt[],
  outcomes: ReadonlyMap<string, PollOutcome>,
): PollOutcomes {
  const sorted: PollOutcomes = { pending: [], progressed: [], done: [], refused: [] };
  for (const attempt of attempts) {
    const outcome = outcomes.get(attempt.operation.id) ?? { state: 'pending' };
    const { id: attemptId, generationId } = attempt;
    if (outcome.state === 'done') {
      sorted.done.push({ attemptId, generationId, operation: outcome.operation, media: outcome.media });
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
  sorted.progressed.push({ generationId: attempt.generationId, stage: 'rendering', progress: told });
}
