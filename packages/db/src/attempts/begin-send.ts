/** `intent → sent`, committed immediately before the one request that costs money. */
import { type GenerationState, isTerminal } from '@reelay/contracts/domain';
import type { Database } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { plannedOnce } from '../planned-once.js';
import { isUniqueViolation, repeatIfAsked } from '../transaction.js';

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

/** One statement, and so one way to the database and back: it stands between a token's submits, which take turns. */
export async function beginSend(database: Database, begin: BeginSend): Promise<SendPermission> {
  try {
    const generation = await repeatIfAsked(() => commitSent(database, begin));
    if (!generation || isTerminal(generation.state)) return 'ended';
    if (generation.fence !== begin.fence) return 'stale';
    if (generation.isOverdue) return 'overdue';
    return generation.isSent ? 'sent' : 'stale';
  } catch (error) {
    // submit_attempt_one_turn: the only unique index this statement can touch.
    if (isUniqueViolation(error)) return 'turn_taken';
    throw error;
  }
}

interface LockedForSend {
  state: GenerationState;
  fence: bigint;
  isOverdue: boolean;
  isSent: boolean;
}

async function commitSent(database: Database, begin: BeginSend): Promise<LockedForSend | undefined> {
  const takesTurn = begin.knownBefore !== undefined;
  const knownBefore = takesTurn ? JSON.stringify(begin.knownBefore) : null;
  // The attempt is joined with the row that is locked, so it is looked at only when the lock is there and the row what it says.
  const [locked] = await queryDriver<LockedForSend>(
    database,
    Prisma.sql`${plannedOnce}
    WITH locked AS MATERIALIZED (
      SELECT state, fence, deadline_at <= now() AS "isOverdue" FROM generation WHERE id = ${begin.generationId} FOR UPDATE
    ), sent AS (
      UPDATE submit_attempt AS attempt SET
        state = 'sent', sent_at = now(), known_before = ${knownBefore}::jsonb, takes_turn = ${takesTurn}
      FROM locked
      WHERE attempt.id = ${begin.attemptId} AND attempt.generation_id = ${begin.generationId}
        AND attempt.fence = ${begin.fence} AND attempt.state = 'intent'
        AND locked.state IN ('queued', 'running') AND locked.fence = ${begin.fence} AND NOT "isOverdue"
      RETURNING attempt.id
    )
    SELECT locked.*, EXISTS (SELECT FROM sent) AS "isSent" FROM locked`,
  );
  return locked;
}
