/** The table by which the gateway knows the pool without asking: which lanes can be served, and why something waits. */
import type { Queryable } from '../client.js';
import type { LaneState } from './list-lane-states.js';

/** A lane that nobody wrote for this long is no longer in the catalogue and nothing waits in it. */
const forgottenAfterMs = 60_000;

export async function storeLaneStates(
  database: Queryable,
  states: readonly Omit<LaneState, 'updatedAt'>[],
): Promise<void> {
  await database.$executeRaw`
    WITH fresh AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(states)}::jsonb) AS fresh
        (lane text, tokens integer, simulated integer, serving integer, "freeSlots" integer, waiting integer, reason text, "recoversAt" timestamptz,
         "startEveryMs" integer)
    ), forgotten AS (
      DELETE FROM lane_state WHERE lane NOT IN (SELECT lane FROM fresh)
        AND updated_at < now() - ${forgottenAfterMs} * interval '1 millisecond'
    )
    INSERT INTO lane_state (lane, tokens, simulated, serving, free_slots, waiting, reason, recovers_at, start_every_ms, updated_at)
    SELECT lane, tokens, simulated, serving, "freeSlots", waiting, reason, "recoversAt", "startEveryMs", now() FROM fresh ORDER BY lane
    ON CONFLICT (lane) DO UPDATE SET
      tokens = excluded.tokens, simulated = excluded.simulated, serving = excluded.serving, free_slots = excluded.free_slots, waiting = excluded.waiting,
      reason = excluded.reason, recovers_at = excluded.recovers_at, start_every_ms = excluded.start_every_ms,
      updated_at = excluded.updated_at`;
}
