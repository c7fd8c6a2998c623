/** Whether a request can be served in time, by what the token-manager last counted of its lane. A part of larger statements. */
import { Prisma } from '../generated/prisma/client.js';
import { countedRows } from '../lanes/survey-lane.js';

export interface AskOutlook {
  lane: string;
  apiKeyId: string | null;
  /** From now, by the database's clock. */
  deadlineMs: number;
}

/** What is asked for one, or for each row of a larger statement, whose columns then stand for it. */
export type OrColumns<Ask> = { [Name in keyof Ask]: Ask[Name] | Prisma.Sql };

export interface LaneOutlook {
  /** No account of the pool could ever serve it. */
  isUnserved: boolean;
  /** None is in service, and none is known to be back before the deadline. */
  isOut: boolean;
  /** How long its turn is away, in milliseconds, where that is beyond the deadline; null otherwise. */
  hopelessMs: number | null;
  /** Mean time between the lane's latest starts. */
  startEveryMs: number | null;
  reason: string | null;
}

/** Older counts say nothing: whoever keeps them is away. */
const believedMs = 60_000;

/**
 * One row, or none of a lane that nobody has counted. The first waiting row of a key comes before the second one of every other key, so
 * the turn of one more follows from how many of its own key wait. They are counted only where the lane as a whole is too long.
 */
export function laneOutlook({ lane, apiKeyId, deadlineMs }: OrColumns<AskOutlook>): Prisma.Sql {
  return Prisma.sql`
    SELECT tokens = 0 AS "isUnserved", reason, start_every_ms AS "startEveryMs",
      is_fresh AND tokens > 0 AND serving = 0 AND coalesce(recovers_at > now() + ${deadlineMs} * interval '1 millisecond', true) AS "isOut",
      CASE WHEN is_fresh AND free_slots = 0 AND start_every_ms IS NOT NULL AND (waiting >= ${countedRows} OR waiting::bigint * start_every_ms > ${deadlineMs}) THEN (
        WITH of_key AS (
          SELECT api_key_id, count(*) AS waiting FROM generation
          WHERE generation.lane = ${lane} AND state = 'queued' AND token_id IS NULL GROUP BY api_key_id
        ), own AS (
          SELECT 1 + coalesce(sum(waiting), 0) AS place FROM of_key WHERE api_key_id IS NOT DISTINCT FROM ${apiKeyId}::text
        )
        SELECT (1 + coalesce(sum(least(of_key.waiting, own.place)), 0)) * start_every_ms FROM of_key, own
        HAVING (1 + coalesce(sum(least(of_key.waiting, own.place)), 0)) * start_every_ms > ${deadlineMs}
      ) END::float8 AS "hopelessMs"
    FROM (SELECT *, updated_at > now() - ${believedMs} * interval '1 millisecond' AS is_fresh FROM lane_state WHERE lane = ${lane}) AS state`;
}
