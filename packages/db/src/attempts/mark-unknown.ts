/** `sent → unknown`: the upstream may have accepted. From here on only reconciliation or a late answer moves the attempt. */
import type { Database } from '../client.js';

/** True when this call did it. */
export async function markUnknown(database: Database, attemptId: string, reason: string): Promise<boolean> {
  const marked = await database.$executeRaw`
    UPDATE submit_attempt SET state = 'unknown', reason = ${reason} WHERE id = ${attemptId} AND state = 'sent'`;
  return marked === 1;
}

/** Attempts whose sender must be gone: it would have had an answer or a timeout by now. Returns those it moved. */
export async function markLateSentUnknown(
  database: Database,
  tokenId: string,
  longestSubmitMs: number,
): Promise<{ attemptId: string; generationId: string }[]> {
  return database.$queryRaw`
    UPDATE submit_attempt SET state = 'unknown', reason = 'no answer in the longest time a submit may take'
    WHERE token_id = ${tokenId} AND state = 'sent'
      AND sent_at + ${longestSubmitMs}::float8 * interval '1 millisecond' <= now()
    RETURNING id AS "attemptId", generation_id AS "generationId"`;
}
