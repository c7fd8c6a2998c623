/** Moves an assigned generation through the stages before its submit; a run of an earlier assignment moves nothing. */
import type { Json } from '@reelay/contracts/provider';
import type { Database } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { repeatIfAsked } from '../transaction.js';
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
  const events = await repeatIfAsked(() => progressGenerations(database, [{ generationId, stage, fence }]));
  if (events.length > 0) return { isCurrent: true, events };
  // It stands there already, or it is not this assignment's any more.
  const [current] = await queryDriver<{ id: string }>(
    database,
    Prisma.sql`SELECT id FROM generation WHERE id = ${generationId} AND state = 'queued' AND fence = ${fence}`,
  );
  return { isCurrent: current !== undefined, events: [] };
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
  const [stored] = await queryDriver<{ prepared: Json }>(
    database,
    Prisma.sql`
    UPDATE generation SET prepared = coalesce(prepared, ${JSON.stringify(prepared)}::jsonb)
    WHERE id = ${generationId} AND fence = ${fence} AND state = 'queued'
    RETURNING prepared`,
  );
  return stored;
}
