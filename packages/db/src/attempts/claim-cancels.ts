/** Telling an upstream that nobody wants a task any more: best effort, so it is tried a few times and then left to run out. */
import type { Database } from '../client.js';

const mostTries = 3;

/** Those of the attempts whose upstream is to be told now; the try is counted before it is made. */
export async function claimCancels(database: Database, attemptIds: readonly string[]): Promise<Set<string>> {
  const rows = await database.$queryRaw<{ id: string }[]>`
    UPDATE submit_attempt SET cancel_tries = cancel_tries + 1
    WHERE id = ANY(${[...attemptIds]}::text[]) AND state = 'acked' AND cancelled_at IS NULL AND cancel_tries < ${mostTries}
    RETURNING id`;
  return new Set(rows.map((row) => row.id));
}

/** The upstream took notice. What becomes of the task is still polled: its slot is free when it is over there. */
export async function noteCancelled(database: Database, attemptId: string): Promise<void> {
  await database.$executeRaw`UPDATE submit_attempt SET cancelled_at = now() WHERE id = ${attemptId}`;
}
