/** The one statement by which work reaches a token: slots, attempts and generations together or not at all. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { plannedOnce } from '../planned-once.js';
import { proxyOfToken } from '../tokens/proxy-of-token.js';
import { heldKeys } from './held-keys.js';
import type { Match } from './match-slots.js';

export interface TakeSlots {
  slotKind: SlotKind;
  simulatedTargets: readonly string[];
  matches: readonly (Match & { attemptId: string })[];
}

export interface Assignment {
  generationId: string;
  tokenId: string;
  attemptId: string;
}

/**
 * Takes those matches that still hold and returns them. Nothing here waits for a lock, so its taking the token's row before the
 * slot's cannot deadlock with those who follow the lock order: generation and token rows that others hold are skipped. A token's row
 * must be the very version that was planned with. Every assignment changes it, so two assigners never work from the same count of
 * slots or quota, and a limit that was lowered meanwhile counts. Nor can a slot be taken that was free at that version: whoever takes or
 * frees one changes the row. Foreign keys are checked when the statement ends, whatever is inserted first. Whether an attempt takes the token's turn
 * depends on its step and is decided when it is sent; until then it counts as one that does, as workers of the release before expect.
 */
export async function takeSlots(database: Queryable, take: TakeSlots): Promise<Assignment[]> {
  const keys = heldKeys(take.matches.map(({ row }) => row));
  const planned = take.matches.map(({ row, slot, attemptId }) => ({
    ...keys.planned(row),
    ...{ generation_id: row.generationId, fence: String(row.fence), attempt_id: attemptId },
    ...{ token_id: slot.tokenId, version: slot.version, slot_no: slot.slotNo },
  }));
  if (planned.length === 0) return [];
  return queryDriver<Assignment>(
    database,
    Prisma.sql`${plannedOnce}
    WITH relaxed AS MATERIALIZED (
      SELECT set_config('synchronous_commit', 'off', true)
    ), planned AS MATERIALIZED (
      SELECT planned.* FROM relaxed CROSS JOIN jsonb_to_recordset(${JSON.stringify(planned)}::jsonb)
        AS planned (generation_id text, fence bigint, attempt_id text, token_id text, version text, slot_no integer${keys.columns})
    )${keys.held}, waiting AS MATERIALIZED (
      -- Row by row, here and below: of a small table Postgres would rather read all, and go on so when it has grown.
      SELECT planned.*, step FROM ${keys.source} AS planned CROSS JOIN LATERAL (
        SELECT step FROM generation
        WHERE id = planned.generation_id AND state = 'queued' AND token_id IS NULL AND fence = planned.fence AND deadline_at > now()
          AND NOT EXISTS (
            SELECT FROM submit_attempt WHERE submit_attempt.generation_id = generation.id AND submit_attempt.step = generation.step
              AND submit_attempt.state IN ('intent', 'sent', 'acked', 'unknown'))
        FOR NO KEY UPDATE SKIP LOCKED
      ) AS generation
    ), assigned AS MATERIALIZED (
      SELECT waiting.*, token.* FROM waiting CROSS JOIN LATERAL (
        SELECT provider, target, ${proxyOfToken.sealed} AS proxy_sealed, ${proxyOfToken.place} AS proxy_place
        FROM token WHERE id = waiting.token_id AND xmin::text = waiting.version
        FOR NO KEY UPDATE SKIP LOCKED
      ) AS token
    ), taken AS (
      INSERT INTO token_slot (token_id, kind, slot_no, attempt_id)
      SELECT token_id, ${take.slotKind}, slot_no, attempt_id FROM assigned
    ), attempt AS (
      INSERT INTO submit_attempt (id, generation_id, step, n, token_id, provider, proxy_sealed, proxy_place, fence, takes_turn)
      SELECT attempt_id, generation_id, step,
        1 + (SELECT coalesce(max(n), 0) FROM submit_attempt AS earlier
             WHERE earlier.generation_id = assigned.generation_id AND earlier.step = assigned.step),
        token_id, provider, proxy_sealed, proxy_place, fence + 1, true
      FROM assigned
    ), over AS (
      DELETE FROM generation_exclusion WHERE generation_id IN (SELECT generation_id FROM assigned) AND until <= now()
    )${keys.changed}
    UPDATE generation SET
      token_id = assigned.token_id, fence = generation.fence + 1, assigned_at = now(),
      simulated = assigned.target = ANY(${[...take.simulatedTargets]}::text[])
    FROM assigned WHERE generation.id = assigned.generation_id AND generation.id = ANY(ARRAY(SELECT generation_id FROM assigned))
    RETURNING generation.id AS "generationId", assigned.token_id AS "tokenId", assigned.attempt_id AS "attemptId"`,
  );
}
