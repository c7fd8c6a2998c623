/** The one statement by which work that holds no slot (prompt enhancement) reaches a token: `takeSlots` without the slot. */
import type { Queryable } from '../client.js';
import { plannedOnce } from '../planned-once.js';
import { proxyOfToken } from '../tokens/proxy-of-token.js';
import { heldKeys } from './held-keys.js';
import type { Match } from './match-slots.js';
import type { Assignment } from './take-slots.js';

export interface TakeSlotless {
  simulatedTargets: readonly string[];
  matches: readonly (Match & { attemptId: string })[];
}

/**
 * Takes those matches that still hold and returns them. As with slots, a token's row must be the very version that was planned with, so
 * that two assigners do not work from the same count; the limit itself is soft, for nothing upstream depends on it.
 */
export async function takeSlotless(database: Queryable, take: TakeSlotless): Promise<Assignment[]> {
  const keys = heldKeys(take.matches.map(({ row }) => row));
  const planned = take.matches.map(({ row, slot, attemptId }) => ({
    ...keys.planned(row),
    ...{ generation_id: row.generationId, fence: String(row.fence), attempt_id: attemptId },
    ...{ token_id: slot.tokenId, version: slot.version },
  }));
  if (planned.length === 0) return [];
  return database.$queryRaw<Assignment[]>`${plannedOnce}
    WITH relaxed AS MATERIALIZED (
      SELECT set_config('synchronous_commit', 'off', true)
    ), planned AS MATERIALIZED (
      SELECT planned.* FROM relaxed CROSS JOIN jsonb_to_recordset(${JSON.stringify(planned)}::jsonb)
        AS planned (generation_id text, fence bigint, attempt_id text, token_id text, version text${keys.columns})
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
    ), attempt AS (
      INSERT INTO submit_attempt (id, generation_id, step, n, token_id, provider, proxy_sealed, proxy_place, fence, takes_turn, slotless)
      SELECT attempt_id, generation_id, step,
        1 + (SELECT coalesce(max(n), 0) FROM submit_attempt AS earlier
             WHERE earlier.generation_id = assigned.generation_id AND earlier.step = assigned.step),
        token_id, provider, proxy_sealed, proxy_place, fence + 1, false, true
      FROM assigned
    ), used AS (
      UPDATE token SET last_assigned_at = clock_timestamp() WHERE id IN (SELECT token_id FROM assigned)
    ), over AS (
      DELETE FROM generation_exclusion WHERE generation_id IN (SELECT generation_id FROM assigned) AND until <= now()
    )${keys.changed}
    UPDATE generation SET
      token_id = assigned.token_id, fence = generation.fence + 1, assigned_at = now(),
      simulated = assigned.target = ANY(${[...take.simulatedTargets]}::text[])
    FROM assigned WHERE generation.id = assigned.generation_id AND generation.id = ANY(ARRAY(SELECT generation_id FROM assigned))
    RETURNING generation.id AS "generationId", assigned.token_id AS "tokenId", assigned.attempt_id AS "attemptId"`;
}
