/** Where a generation stands in its lane: how many are before it, when its turn may come, and why it waits. */
import type { Queryable } from '../client.js';
import { estimateStart, type LanePace } from './estimate-start.js';
import { countedRows } from './survey-lane.js';

export interface PlaceInLane {
  /** 1 is the next one by priority and age; beyond `countedRows` it is that and one, "more than a thousand". */
  position: number;
  estimatedStartAt: Date | null;
  reason: string | null;
}

interface FoundPlace extends LanePace {
  reason: string | null;
}

/** Undefined for what does not wait (any more). The lane's part is what the token-manager last counted, a second ago or so. */
export async function findPlace(database: Queryable, generationId: string): Promise<PlaceInLane | undefined> {
  const [found] = await database.$queryRaw<FoundPlace[]>`
    SELECT 1 + (
        SELECT count(*)::integer FROM (
          SELECT priority, created_at, id FROM generation
          WHERE lane = mine.lane AND state = 'queued' AND token_id IS NULL ORDER BY priority DESC, created_at, id LIMIT ${countedRows}
        ) AS first
        WHERE first.priority > mine.priority
          OR (first.priority = mine.priority AND (first.created_at, first.id) < (mine.created_at, mine.id))
      ) AS position, now() AS now, mine.not_before AS "notBefore", lane_state.reason, lane_state.recovers_at AS "recoversAt",
      coalesce(lane_state.free_slots, 0) AS "freeSlots", lane_state.start_every_ms AS "startEveryMs"
    FROM generation AS mine LEFT JOIN lane_state ON lane_state.lane = mine.lane
    WHERE mine.id = ${generationId} AND mine.state = 'queued' AND mine.token_id IS NULL`;
  if (!found) return undefined;
  return { position: found.position, estimatedStartAt: estimateStart(found), reason: found.reason };
}
