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

export interface ExpiredAttempt {
  attemptId: string;
  generationId: string;
  event: PublishedEvent | undefined;
}

export async function expireAttempts(
  database: Database,
  tokenId: string,
  renderMaximumMs: number,
): Promise<ExpiredAttempt[]> {
  const overdue = await database.$queryRaw<{ id: string; generationId: string; state: 'acked' | 'unknown' }[]>`
    SELECT id, generation_id AS "generationId", state FROM submit_attempt
    WHERE token_id = ${tokenId} AND state IN ('acked', 'unknown')
      AND sent_at + ${renderMaximumMs}::float8 * interval '1 millisecond' <= now()`;
  const expired: ExpiredAttempt[] = [];
  for (const { id, generationId, state } of overdue) {
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
