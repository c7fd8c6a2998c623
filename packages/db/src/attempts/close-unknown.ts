/** Ends the reconciliation of an unknown submit without a task: proven absent, or given up because nothing can be proven. */
import type { Database, Transaction } from '../client.js';
import { endGeneration } from '../generations/end-generation.js';
import { lockGeneration } from '../generations/lock-generation.js';
import type { PublishedEvent } from '../generations/progress-generations.js';
import { returnToLane } from '../generations/return-to-lane.js';
import { inTransaction } from '../transaction.js';
import { closeAttempt } from './close-attempt.js';
import type { Withdrawal } from './withdraw-attempt.js';

export interface CloseUnknown {
  attemptId: string;
  generationId: string;
  fence: bigint;
  reason: string;
}

export interface CloseAbsent extends CloseUnknown {
  /** Absences of one step after which the generation fails; without it the submit costs and leaves nothing, and only the deadline bounds it. */
  maximumAbsences?: number;
}

/**
 * `unknown → absent`: the upstream never had it, or it does not matter. The slot is free, and each proven absence allows one more submit.
 * Many of the same step end the generation, because then something is wrong that repeating does not mend.
 */
export async function closeAbsent(database: Database, close: CloseAbsent): Promise<Withdrawal> {
  return inTransaction(database, async (tx) => {
    await lockGeneration(tx, close.generationId);
    if (!(await closeAttempt(tx, { ...close, from: ['unknown'], to: 'absent' })))
      return { wasClosed: false, events: [] };
    const { maximumAbsences } = close;
    const mayRepeat = maximumAbsences === undefined || (await countAbsences(tx, close)) < maximumAbsences;
    const event = mayRepeat ? await submitAgain(tx, close) : await failUnknown(tx, close);
    return { wasClosed: true, events: event ? [event] : [] };
  });
}

/**
 * `unknown → lost`: it cannot be told whether or which task is ours. The generation fails and is not repeated; the slot stays held
 * for as long as the upstream may be rendering.
 */
export async function closeLost(
  database: Database,
  close: CloseUnknown & { maximumTaskMs: number },
): Promise<Withdrawal> {
  return inTransaction(database, async (tx) => {
    await lockGeneration(tx, close.generationId);
    const keepSlotMs = close.maximumTaskMs;
    if (!(await closeAttempt(tx, { ...close, from: ['unknown'], to: 'lost', keepSlotMs }))) {
      return { wasClosed: false, events: [] };
    }
    const event = await failUnknown(tx, close);
    return { wasClosed: true, events: event ? [event] : [] };
  });
}

/** By this reason a second submit that nothing has proven necessary can be counted apart, for ever. */
export const resubmittedReason = 'resubmit_once: the outcome cannot be found out, and it is sent once more';

/**
 * `unknown → lost` where the operator lets lost work be repeated: the first of a step goes back to its lane, a further one fails its
 * generation. No slot is held: where the upstream cannot be asked nobody could tell when it is free.
 */
export async function closeResubmitted(database: Database, close: Omit<CloseUnknown, 'reason'>): Promise<Withdrawal> {
  return inTransaction(database, async (tx) => {
    await lockGeneration(tx, close.generationId);
    const wasRepeated = await isRepeat(tx, close.attemptId);
    const reason = wasRepeated ? 'it was sent once more already' : resubmittedReason;
    if (!(await closeAttempt(tx, { ...close, from: ['unknown'], to: 'lost', reason })))
      return { wasClosed: false, events: [] };
    const event = wasRepeated ? await failUnknown(tx, { ...close, reason }) : await sendOnceMore(tx, close);
    return { wasClosed: true, events: event ? [event] : [] };
  });
}

async function isRepeat(tx: Transaction, attemptId: string): Promise<boolean> {
  const [{ count }] = await tx.$queryRaw<[{ count: number }]>`
    SELECT count(*)::int AS count FROM submit_attempt AS earlier
    JOIN submit_attempt AS attempt USING (generation_id, step)
    WHERE attempt.id = ${attemptId} AND earlier.state = 'lost' AND earlier.reason = ${resubmittedReason}`;
  return count > 0;
}

function sendOnceMore(
  tx: Transaction,
  { generationId, fence }: Omit<CloseUnknown, 'reason'>,
): Promise<PublishedEvent | undefined> {
  const note = 'no answer came; it is sent once more';
  return returnToLane(tx, { generationId, fence, pauseMs: 0, counts: 'nothing', note });
}

/** This one included. */
async function countAbsences(tx: Transaction, { attemptId }: CloseUnknown): Promise<number> {
  const [{ absences }] = await tx.$queryRaw<[{ absences: number }]>`
    SELECT count(*)::int AS absences FROM submit_attempt AS closed
    JOIN submit_attempt AS attempt USING (generation_id, step) WHERE attempt.id = ${attemptId} AND closed.state = 'absent'`;
  return absences;
}

function submitAgain(tx: Transaction, close: CloseAbsent): Promise<PublishedEvent | undefined> {
  const { generationId, fence } = close;
  if (close.maximumAbsences === undefined) {
    const note = 'no answer came; it is sent again';
    return returnToLane(tx, { generationId, fence, pauseMs: 0, counts: 'deferral', note });
  }
  const note = 'the upstream never received the task; it is sent once more';
  return returnToLane(tx, { generationId, fence, pauseMs: 0, counts: 'nothing', note });
}

function failUnknown(tx: Transaction, { generationId, reason }: CloseUnknown): Promise<PublishedEvent | undefined> {
  const message = `It could not be found out whether the upstream took the task (${reason}), so it was not sent a second time.`;
  return endGeneration(tx, generationId, { state: 'failed', error: { code: 'upstream_outcome_unknown', message } });
}
