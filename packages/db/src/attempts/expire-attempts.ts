/**
 * Attempts past the longest time a task may take: given up, with their generations. An unknown one comes here only when its lists
 * could not be read for so long; the upstream cannot be rendering any more, so no slot is kept.
 */
import type { StoredError } from '@reelay/contracts/errors';
import type { Database } from '../client.js';
import { endGeneration } from '../generations/end-generation.js';
import { lockGeneration } from '../generations/lock-generation.js';
import type { PublishedEvent } from '../generations/progress-generations.js';
import { inTransaction } from '../transaction.js';
import { closeAttempt } from './close-attempt.js';
import type { PolledAttempt } from './find-open-attempts.js';

export interface ExpiredAttempt {
  attemptId: string;
  generationId: string;
  event: PublishedEvent | undefined;
}

/** Gives up those that are still in the state they were read in; how long each may take is the caller's to know. */
export async function expireAttempts(
  database: Database,
  overdue: readonly Pick<PolledAttempt, 'id' | 'generationId' | 'state'>[],
): Promise<ExpiredAttempt[]> {
  const expired: ExpiredAttempt[] = [];
  for (const { id, generationId, state } of overdue) {
    // Somebody may still be sending it; it becomes unknown first.
    if (state === 'sent') continue;
    const event = await inTransaction(database, async (tx) => {
      await lockGeneration(tx, generationId);
      const reason = 'not finished in the longest time a task may take';
      if (!(await closeAttempt(tx, { attemptId: id, from: [state], to: 'lost', reason }))) return 'closed before';
      return endGeneration(tx, generationId, { state: 'failed', error: errorOf[state] });
    });
    if (event !== 'closed before') expired.push({ attemptId: id, generationId, event });
  }
  return expired;
}

const errorOf = {
  acked: {
    code: 'upstream_timeout',
    message: 'The upstream did not finish the task in the longest time allowed for one.',
  },
  unknown: {
    code: 'upstream_outcome_unknown',
    message: 'It could not be found out whether the upstream took the task, so it was not sent a second time.',
  },
} as const satisfies Record<string, StoredError>;
