/** The places of many waiting generations at once, each lane's waiting ones counted a single time. */
import type { Queryable } from '../client.js';
import { estimateStart, type LanePace } from './estimate-start.js';
import type { PlaceInLane } from './find-place.js';
import { countedRows } from './survey-lane.js';

interface FoundPlace extends LanePace {
  id: string;
  reason: string | null;
}

/** By id; what does not wait (any more) has none. */
export async function findPlaces(
  database: Queryable,
  generationIds: readonly string[],
): Promise<ReadonlyMap<string, PlaceInLane>> {
  if (generationIds.length === 0) return new Map();
  const rows = await database.$queryRaw<FoundPlace[]>`
    WITH mine AS MATERIALIZED (
      SELECT id, lane, not_before FROM generation
      WHERE id = ANY(${[...generationIds]}::text[]) AND state = 'queued' AND token_id IS NULL
    ), ahead AS MATERIALIZED (
      SELECT waiting.id, waiting.position FROM (SELECT DISTINCT lane FROM mine) AS lanes, LATERAL (
        SELECT id, row_number() OVER (ORDER BY priority DESC, created_at, id)::integer AS position FROM (
          SELECT priority, created_at, id FROM generation
          WHERE lane = lanes.lane AND state = 'queued' AND token_id IS NULL ORDER BY priority DESC, created_at, id LIMIT ${countedRows}
        ) AS first
      ) AS waiting
    )
    SELECT mine.id, coalesce(ahead.position, ${countedRows + 1}) AS position, now() AS now, mine.not_before AS "notBefore", lane_state.reason,
      lane_state.recovers_at AS "recoversAt", coalesce(lane_state.free_slots, 0) AS "freeSlots", lane_state.start_every_ms AS "startEveryMs"
    FROM mine LEFT JOIN ahead ON ahead.id = mine.id LEFT JOIN lane_state ON lane_state.lane = mine.lane`;
  return new Map(
    rows.map((row) => [row.id, { position: row.position, estimatedStartAt: estimateStart(row), reason: row.reason }]),
  );
}
