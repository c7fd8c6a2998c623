/** `intent → sent`, committed immediately before the one request that costs money. */
import { isTerminal } from '@reelay/contracts/domain';
import type { Database } from '../client.js';
import { lockGeneration } from '../generations/lock-generation.js';
import { inTransaction, isUniqueViolation } from '../transaction.js';

/** What the token's lists held before a submit: whatever else turns up afterwards is a candidate for it. */
export interface KnownBefore {
  pending: string[];
  finished: string[];
}

export interface BeginSend {
  generationId: string;
  attemptId: string;
  fence: bigint;
  /** Given where an unknown outcome is found by elimination: then the attempt takes the token's turn until it is resolved. */
  knownBefore?: KnownBefore;
}

/**
 * `sent`: this call committed it, and the request must be written within the freshness time or not at all. Everything else: nothing
 * may be sent; `turn_taken`: another attempt on the token is unresolved, `ended`, `overdue`: of the generation, `stale`: another
 * run or assignment was faster.
 */
export type SendPermission = 'sent' | 'turn_taken' | 'ended' | 'overdue' | 'stale';

export async function beginSend(database: Database, begin: BeginSend): Promise<SendPermission> {
  const takesTurn = begin.knownBefore !== undefined;
  const knownBefore = takesTurn ? JSON.stringify(begin.knownBefore) : null;
  try {
    return await inTransaction(database, async (tx) => {
      const generation = await lockGeneration(tx, begin.generationId);
      if (!generation || isTerminal(generation.state)) return 'ended';
      if (generation.fence !== begin.fence) return 'stale';
      if (generation.isOverdue) return 'overdue';
      const sent = await tx.$executeRaw`
        UPDATE submit_attempt SET
          state = 'sent', sent_at = now(), known_before = ${knownBefore}::jsonb, takes_turn = ${takesTurn}
        WHERE id = ${begin.attemptId} AND generation_id = ${begin.generationId} AND fence = ${begin.fence} AND state = 'intent'`;
      return sent === 1 ? 'sent' : 'stale';
    });
  } catch (error) {
    // submit_attempt_one_turn: the only unique index this statement can touch.
    if (isUniqueViolation(error)) return 'turn_taken';
    throw error;
  }
}
