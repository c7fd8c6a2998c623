/** Closes an attempt and frees its slot in the same transaction; a slot never outlives its attempt, but for one named exception. */
import type { AttemptState } from '@reelay/contracts/domain';
import type { Transaction } from '../client.js';

export interface CloseAttempt {
  attemptId: string;
  /** Only an attempt in one of these states is closed; a poll or reconciliation that comes second changes nothing. */
  from: readonly AttemptState[];
  to: 'ended' | 'refused' | 'not_sent' | 'absent' | 'lost';
  reason?: string;
  /**
   * For `unknown → lost` only: the upstream may be rendering, so the slot stays held until this long after `sent`
   * (the longest time a task may take) and a timer removes it.
   */
  keepSlotMs?: number;
}

/** True when this call closed it. */
export async function closeAttempt(tx: Transaction, close: CloseAttempt): Promise<boolean> {
  const closed = await tx.$executeRaw`
    UPDATE submit_attempt SET state = ${close.to}, closed_at = now(), reason = ${close.reason ?? null}
    WHERE id = ${close.attemptId} AND state = ANY(${[...close.from]}::text[])`;
  if (closed !== 1) return false;
  await forgetPrepared(tx, close.attemptId);
  if (close.keepSlotMs === undefined) {
    await tx.$executeRaw`DELETE FROM token_slot WHERE attempt_id = ${close.attemptId}`;
  } else {
    await tx.$executeRaw`
      UPDATE token_slot SET free_at = submit_attempt.sent_at + ${close.keepSlotMs} * interval '1 millisecond'
      FROM submit_attempt WHERE submit_attempt.id = token_slot.attempt_id AND attempt_id = ${close.attemptId}`;
  }
  return true;
}

/** What was prepared outlives its generation while the attempt is not resolved, because its task may be looked for by it. No longer. */
export async function forgetPrepared(tx: Transaction, attemptId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE generation SET prepared = NULL FROM submit_attempt AS attempt
    WHERE attempt.id = ${attemptId} AND generation.id = attempt.generation_id
      AND generation.completed_at IS NOT NULL AND generation.prepared IS NOT NULL`;
}
