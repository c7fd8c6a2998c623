/** Puts an assigned generation back into the waiting room. Its attempt must be closed in the same transaction. */
import type { Transaction } from '../client.js';
import { type PublishedEvent, progressGenerations } from './progress-generations.js';

export interface ReturnToLane {
  generationId: string;
  /** The fence of the assignment that ends here; a later one is left alone. */
  fence: bigint;
  /** Not assigned again before this time has passed; 0 for at once. */
  pauseMs: number;
  /** What the way back is counted as; `nothing` after an attempt that was proven absent. */
  counts: 'deferral' | 'refusal' | 'nothing';
  /** A short reason in words, shown to the client. */
  note: string;
}

/** Undefined when the generation has ended, runs, or belongs to another assignment by now. */
export async function returnToLane(tx: Transaction, back: ReturnToLane): Promise<PublishedEvent | undefined> {
  // What was prepared belongs to the account it was prepared on.
  const returned = await tx.$executeRaw`
    UPDATE generation SET
      token_id = NULL, fence = fence + 1, prepared = NULL,
      not_before = CASE WHEN ${back.pauseMs}::float8 > 0 THEN now() + ${back.pauseMs}::float8 * interval '1 millisecond' END,
      deferrals = deferrals + ${back.counts === 'deferral' ? 1 : 0}::int,
      refusals = refusals + ${back.counts === 'refusal' ? 1 : 0}::int
    WHERE id = ${back.generationId} AND fence = ${back.fence} AND state = 'queued'`;
  if (returned !== 1) return undefined;
  const [event] = await progressGenerations(tx, [
    { generationId: back.generationId, stage: 'waiting', note: back.note },
  ]);
  return event;
}
