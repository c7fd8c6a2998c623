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

/** Keeps what `prepare` gave, so that a repeated run does not prepare again. False when the assignment is not current. */
export async function storePrepared(
  database: Database,
  { generationId, fence }: Assignment,
  prepared: Json,
): Promise<boolean> {
  const stored = await database.$executeRaw`
    UPDATE generation SET prepared = ${JSON.stringify(prepared)}::jsonb
    WHERE id = ${generationId} AND fence = ${fence} AND state = 'queued'`;
  return stored === 1;
}
