/** What a task leaves upstream: noted with the operation that made it, removed as soon as its generation has ended, however it ends. */
import type { LitterNote } from '@reelay/contracts/provider';
import type { Queryable, Transaction } from '../client.js';

export interface NotedLitter extends LitterNote {
  /** Of the row. */
  id: string;
}

export interface NoteLitter {
  tokenId: string;
  attemptId: string;
  litter: readonly NotedLitter[];
  /** False once the generation has ended: then nothing is left to wait for. */
  awaitsEnd: boolean;
}

/** Repeated with the same notes it adds nothing. The generation must be locked, so that its end cannot pass between. */
export async function noteLitter(
  tx: Transaction,
  { tokenId, attemptId, litter, awaitsEnd }: NoteLitter,
): Promise<void> {
  if (litter.length === 0) return;
  await tx.$executeRaw`
    INSERT INTO upstream_litter (id, token_id, attempt_id, kind, reference, awaits_end, next_try_at)
    SELECT id, ${tokenId}, (SELECT id FROM submit_attempt WHERE id = ${attemptId}), kind, reference, ${awaitsEnd}, CASE WHEN NOT ${awaitsEnd} THEN now() END
    FROM (
      SELECT id, kind, coalesce(reference, 'null') AS reference
      FROM jsonb_to_recordset(${JSON.stringify(litter)}::jsonb) AS note (id text, kind text, reference jsonb)
    ) AS noted
    WHERE NOT EXISTS (
      SELECT FROM upstream_litter AS known
      WHERE known.attempt_id = ${attemptId} AND known.kind = noted.kind AND known.reference = noted.reference)`;
}

/** Makes everything that waited for the end of this generation due. */
export async function releaseLitter(tx: Transaction, generationId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE upstream_litter SET awaits_end = false, next_try_at = now()
    FROM submit_attempt AS attempt
    WHERE attempt.id = upstream_litter.attempt_id AND attempt.generation_id = ${generationId} AND awaits_end`;
}

/**
 * Whatever still waits for the end of a generation that has ended: a process of the release before, which knows nothing of litter, has
 * ended it. Returns how many.
 */
export async function releaseForgottenLitter(database: Queryable): Promise<number> {
  return database.$executeRaw`
    UPDATE upstream_litter SET awaits_end = false, next_try_at = now()
    FROM submit_attempt AS attempt JOIN generation ON generation.id = attempt.generation_id
    WHERE attempt.id = upstream_litter.attempt_id AND awaits_end AND generation.completed_at IS NOT NULL`;
}
