/** Counts what a lane's tokens can do now, for the gateway's answers and for people who ask why something waits. */
import type { SlotKind } from '@reelay/contracts/domain';
import { type Lane, laneKey } from '@reelay/contracts/lane';
import {
  capacity,
  type KnownTargets,
  quotaWithinSlots,
  servesLane,
  slotColumns,
  slotlessKind,
  usedSlotless,
} from '../assign/token-filter.js';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { cutOffUntil } from '../proxies/proxy-circuit.js';

export interface LaneSurvey {
  /** Tokens that could ever serve the lane: those in service, and those that rest or need attention. */
  tokens: number;
  simulated: number;
  /** Of a lane whose work holds no slot: how many more may be begun. */
  freeSlots: number;
  /** Mean time between the latest starts while something waited, null if there was none in the last half hour. */
  startEveryMs: number | null;
  /** Exact up to `countedRows`. */
  waiting: number;
  /** Each token counts once, under the first of these that holds. */
  needAttention: number;
  resting: number;
  /** Their proxies are known to be dead. */
  cutOff: number;
  exhausted: number;
  busy: number;
  /** When the first of those that rest, are exhausted or cut off may work again. */
  recoversAt: Date | null;
}

/** Beyond this many waiting rows their number is approximate: counting them all would cost more than it tells. */
export const countedRows = 1_000;

/** The pace is that of so many of the latest starts. */
const pacedStarts = 50;

export interface SurveyLane {
  lane: Lane;
  /** Undefined for work that holds no slot. */
  slotKind: SlotKind | undefined;
  targets: KnownTargets;
  unlimitedSlots: number;
  /** Attempts without a slot that a token may have open. */
  slotlessPerToken: number;
  /** Videos of a quota that are left untouched; none, if not given. */
  quotaMargin?: number;
}

export async function surveyLane(database: Queryable, survey: SurveyLane): Promise<LaneSurvey> {
  const { lane, slotKind, targets, unlimitedSlots, slotlessPerToken, quotaMargin } = survey;
  const { coolingUntil, used: usedOf } = slotColumns[slotKind ?? slotlessKind];
  // Counts of slots are kept with the account; what holds none is counted.
  const used = slotKind ? usedOf : Prisma.sql`coalesce(open.slots, 0)`;
  const open = slotKind ? Prisma.empty : Prisma.sql`LEFT JOIN (${usedSlotless}) AS open ON open.token_id = token.id`;
  const most = slotKind ? capacity(slotKind, unlimitedSlots) : Prisma.sql`${slotlessPerToken}::integer`;
  const rows = await database.$queryRaw<LaneSurvey[]>`
    WITH able AS (
      SELECT token.target = ANY(${[...targets.simulated]}::text[]) AS simulated, token.resets_at, ${coolingUntil} AS cooling_until,
        greatest(${most} - ${used}, 0) AS unused, ${quotaWithinSlots(lane, quotaMargin, most)} AS quota,
        token.state <> 'active' AS needs_attention, coalesce(${coolingUntil} > now(), false) AS is_cooling,
        ${cutOffUntil} AS cut_off_until
      FROM token ${open}
      WHERE ${servesLane(lane, slotKind ?? slotlessKind, targets)} AND token.state <> 'disabled'
    ), judged AS (
      SELECT *, CASE
        WHEN needs_attention THEN 'needs attention'
        WHEN is_cooling THEN 'resting'
        WHEN cut_off_until IS NOT NULL THEN 'cut off'
        WHEN quota <= 0 THEN 'exhausted'
        WHEN unused = 0 THEN 'busy'
        ELSE 'free' END AS verdict
      FROM able
    ), ${paceOf(lane)}
    SELECT count(*)::integer AS tokens, count(*) FILTER (WHERE simulated)::integer AS simulated,
      coalesce(sum(least(unused, quota)) FILTER (WHERE verdict = 'free'), 0)::integer AS "freeSlots",
      count(*) FILTER (WHERE verdict = 'needs attention')::integer AS "needAttention",
      count(*) FILTER (WHERE verdict = 'resting')::integer AS resting,
      count(*) FILTER (WHERE verdict = 'cut off')::integer AS "cutOff",
      count(*) FILTER (WHERE verdict = 'exhausted')::integer AS exhausted,
      count(*) FILTER (WHERE verdict = 'busy')::integer AS busy,
      least(min(cooling_until) FILTER (WHERE verdict = 'resting'), min(cut_off_until) FILTER (WHERE verdict = 'cut off'), min(resets_at) FILTER (WHERE verdict = 'exhausted')) AS "recoversAt",
      (SELECT "startEveryMs" FROM pace) AS "startEveryMs",
      (SELECT waiting.count FROM waiting) AS waiting
    FROM judged`;
  return rows[0] as LaneSurvey;
}

/**
 * What waits, and how soon one start follows the other. Only time in which something waited counts: a lane that nobody used for a while is
 * not a slow one. A start ends the waiting of the oldest of those that began then or later, or wait still.
 */
function paceOf(lane: Lane): Prisma.Sql {
  return Prisma.sql`waiting AS MATERIALIZED (
      SELECT count(*)::integer AS count, min(created_at) AS since FROM (
        SELECT created_at FROM generation WHERE lane = ${laneKey(lane)} AND state = 'queued' AND token_id IS NULL
        ORDER BY priority DESC, created_at, id LIMIT ${countedRows}
      ) AS first
    ), started AS (
      SELECT assigned_at, row_number() OVER (ORDER BY assigned_at DESC, id DESC) AS no,
        greatest(
          now() - interval '30 minutes', lag(assigned_at) OVER (ORDER BY assigned_at, id),
          least(waiting.since, min(created_at) OVER (ORDER BY assigned_at DESC))) AS since
      FROM waiting, (
        SELECT id, assigned_at, created_at FROM generation
        WHERE lane = ${laneKey(lane)} AND assigned_at IS NOT NULL AND assigned_at > now() - interval '30 minutes'
        -- One more: of the oldest it is not known when the one before it began.
        ORDER BY assigned_at DESC LIMIT ${pacedStarts + 1}
      ) AS latest
    ), pace AS (
      SELECT (extract(epoch FROM sum(greatest(assigned_at - started.since, interval '0')) + CASE
          WHEN min(waiting.since) IS NULL THEN interval '0'
          ELSE greatest(now() - greatest(max(assigned_at), min(waiting.since)), interval '0') END
        ) * 1000 / nullif(count(*), 0))::integer AS "startEveryMs"
      FROM started, waiting WHERE no <= ${pacedStarts}
    )`;
}
