/** The lanes in which something waits. A loose index scan: its cost goes with the number of lanes, not of rows. */
import type { Queryable } from '../client.js';
import { plannedOnce } from '../planned-once.js';

export interface WaitingLane {
  lane: string;
  /** Of its first row. */
  priority: number;
  /** When its first row was accepted. */
  since: Date;
}

export async function findWaitingLanes(database: Queryable): Promise<WaitingLane[]> {
  return database.$queryRaw<WaitingLane[]>`${plannedOnce}
    WITH RECURSIVE waiting AS (
      (SELECT lane, priority, created_at FROM generation
       WHERE state = 'queued' AND token_id IS NULL
       ORDER BY lane, priority DESC, created_at, id LIMIT 1)
      UNION ALL
      SELECT next.lane, next.priority, next.created_at FROM waiting CROSS JOIN LATERAL (
        SELECT lane, priority, created_at FROM generation
        WHERE state = 'queued' AND token_id IS NULL AND lane > waiting.lane
        ORDER BY lane, priority DESC, created_at, id LIMIT 1
      ) AS next
    )
    SELECT lane, priority, created_at AS since FROM waiting`;
}
