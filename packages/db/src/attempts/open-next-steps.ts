/** A step is over and another follows: the next attempt is open before the slot of the last one could be given away. */
import type { Json } from '@reelay/contracts/provider';
import type { Transaction } from '../client.js';
import type { PublishedEvent } from '../generations/progress-generations.js';

export interface EndedStep {
  /** Closed in this transaction. */
  attemptId: string;
  generationId: string;
  /** What the step hands on to the next. */
  carried: Json;
  /** Key of the lane pinned to the attempt's token: what the step left upstream is on that account, so the next can only be made there. */
  lane: string;
  /** Of the attempt to be opened. */
  nextAttemptId: string;
}

/**
 * In one statement the generation moves on (`running` → `queued`, which the database allows only together with the step), its next attempt
 * is inserted on the same token and leaves through the same proxy, and the slot row passes to it. A generation that has ended gets no
 * next step; its slot is freed by the caller with all others. Returns the events of those that moved on.
 */
export async function openNextSteps(tx: Transaction, ended: readonly EndedStep[]): Promise<PublishedEvent[]> {
  if (ended.length === 0) return [];
  const wanted = ended.map(({ attemptId, generationId, carried, lane, nextAttemptId }) => ({
    ...{ attemptId, generationId, carried, lane, nextAttemptId },
  }));
  const rows = await tx.$queryRaw<{ generation_id: string; seq: number; progress: number }[]>`
    WITH wanted AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
        AS wanted ("attemptId" text, "generationId" text, carried jsonb, lane text, "nextAttemptId" text)
    ), moved AS (
      UPDATE generation SET
        step = generation.step + 1, fence = generation.fence + 1, state = 'queued', stage = 'preparing', seq = seq + 1,
        prepared = NULL, carried = wanted.carried, lane = wanted.lane, not_before = NULL, deferrals = 0
      FROM wanted JOIN submit_attempt AS attempt ON attempt.id = wanted."attemptId"
      WHERE generation.id = wanted."generationId" AND generation.state = 'running' AND generation.step = attempt.step
      RETURNING generation.id, generation.step, generation.fence, generation.seq, generation.progress,
        wanted."attemptId", wanted."nextAttemptId"
    ), opened AS (
      INSERT INTO submit_attempt (id, generation_id, step, n, token_id, provider, proxy_sealed, proxy_place, fence,
        takes_turn, slotless)
      SELECT "nextAttemptId", generation_id, moved.step, 1, token_id, provider, proxy_sealed, proxy_place,
        moved.fence, false, slotless
      FROM moved JOIN submit_attempt AS attempt ON attempt.id = "attemptId"
    ), passed AS (
      UPDATE token_slot SET attempt_id = "nextAttemptId" FROM moved WHERE token_slot.attempt_id = "attemptId"
    )
    INSERT INTO generation_event (generation_id, seq, type, data)
    SELECT id, seq, 'generation.progressed', jsonb_build_object('stage', 'preparing', 'progress', progress) FROM moved
    RETURNING generation_id, seq, (data ->> 'progress')::integer AS progress`;
  return rows.map(({ generation_id: generationId, seq, progress }) => ({
    generationId,
    event: { type: 'generation.progressed', seq, data: { stage: 'preparing', progress } },
  }));
}
