/** A client wants no more of it: the generation ends now, and what has been sent is polled on to its own end. */
import { type GenerationState, isTerminal } from '@reelay/contracts/domain';
import type { Database, Transaction } from '../client.js';
import { inTransaction } from '../transaction.js';
import { endGeneration } from './end-generation.js';
import { lockOwnGeneration } from './lock-generation.js';
import type { PublishedEvent } from './progress-generations.js';

export interface OwnGeneration {
  /** The bare ULID. */
  id: string;
  ownerId: string;
}

export interface Cancellation {
  /** Undefined when it had ended before. Publish it after the commit, then ring `dispatch`. */
  event: PublishedEvent | undefined;
  /** Accounts whose upstream may have a task of it; a poll of them tells it that nobody wants that any more. */
  upstream: { tokenId: string; provider: string }[];
}

/** Undefined when there is none, or it is somebody else's, or was deleted. Repeated it changes nothing. */
export async function cancelGeneration(database: Database, own: OwnGeneration): Promise<Cancellation | undefined> {
  return inTransaction(database, async (tx) => {
    const generation = await lockOwnGeneration(tx, own);
    return generation && cancelLocked(tx, generation);
  });
}

/**
 * An attempt that was not sent yet is closed with it and its slot is free. A later one keeps both until the upstream is done, and is never
 * sent again.
 */
export async function cancelLocked(
  tx: Transaction,
  { id, state }: { id: string; state: GenerationState },
): Promise<Cancellation> {
  if (isTerminal(state)) return { event: undefined, upstream: [] };
  const error = { code: 'cancelled', message: 'The generation was cancelled.' } as const;
  const event = await endGeneration(tx, id, { state: 'cancelled', error });
  const upstream = await tx.$queryRaw<Cancellation['upstream']>`
    SELECT DISTINCT token_id AS "tokenId", provider FROM submit_attempt
    WHERE generation_id = ${id} AND state IN ('sent', 'acked', 'unknown')`;
  return { event, upstream };
}
