/** Where a generation stands in its lane: how many are before it, when its turn may come, and why it waits. */
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { inText, plannedOnce } from '../planned-once.js';
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
  const before = (rows: Prisma.Sql) => Prisma.sql`
    SELECT count(*)::integer FROM (
      SELECT FROM generation AS other
      WHERE other.lane = mine.lane AND other.state = 'queued' AND other.token_id IS NULL AND ${rows} LIMIT ${inText(countedRows)}) AS first`;
  // Two ranges of the index, so that only those that are before it are looked at.
  const [found] = await queryDriver<FoundPlace>(
    database,
    Prisma.sql`${plannedOnce}
    SELECT 1 + least(${inText(countedRows)}, (${before(Prisma.sql`other.priority > mine.priority`)}) + (${before(
      Prisma.sql`other.priority = mine.priority AND (other.created_at, other.id) < (mine.created_at, mine.id)`,
    )})) AS position,
      now() AS now, mine.not_before AS "notBefore", lane_state.reason, lane_state.recovers_at AS "recoversAt",
      coalesce(lane_state.free_slots, 0) AS "freeSlots", lane_state.start_every_ms AS "startEveryMs"
    FROM generation AS mine LEFT JOIN lane_state ON lane_state.lane = mine.lane
    WHERE mine.id = ${generationId} AND mine.state = 'queued' AND mine.token_id IS NULL`,
  );
  if (!found) return undefined;
  return { position: found.position, estimatedStartAt: estimateStart(found), reason: found.reason };
}
