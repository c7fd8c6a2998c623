/** Moves an assigned generation through the stages before its submit; a run of an earlier assignment moves nothing. */
import type { Json } from '@reelay/contracts/provider';
import type { Database } from '../client.js';
import { inTransaction } from '../transaction.js';
import { lockGeneration } from './lock-generation.js';
import { type PublishedEvent, progressGenerations } from './progress-generations.js';

export interface Assignment {
  generationId: string;
  fence: bigint;
}

/** `isCurrent` is false when the generation has ended, runs already or was assigned anew: whoever asked must stop. */
export async function moveAssigned(
  database: Database,
  { generationId, fence }: Assignment,
  stage: 'preparing' | 'submitting',
): Promise<{ isCurrent: boolean; events: PublishedEvent[] }> {
  return inTransaction(database, async (tx) => {
    const generation = await lockGeneration(tx, generationId);
    if (generation?.state !== 'queued' || generation.fence !== fence) return { isCurrent: false, events: [] };
    return { isCurrent: true, events: await progressGenerations(tx, [{ generationId, stage }]) };
  });
}

/**
 * Keeps what `prepare` gave, so that a repeated run does not prepare again. Of two runs at once the first one's is kept and answered to
 * both: an unknown submit is looked for by what stands here, so everybody must send that. Undefined when the assignment is not current.
 */
export async function storePrepared(
  database: Database,
  { generationId, fence }: Assignment,
  prepared: Json,
): Promise<{ prepared: Json } | undefined> {
  const [stored] = await database.$queryRaw<{ prepared: Json }[]>`
    UPDATE generation SET prepared = coalesce(prepared, ${JSON.stringify(prepared)}::jsonb)
    WHERE id = ${generationId} AND fence = ${fence} AND state = 'queued'
    RETURNING prepared`;
  return stored;
}
