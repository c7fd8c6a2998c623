/** How much of the pool is in use, noted once per interval; and read again as a series. */
import { type SlotKind, slotKindOf, slotKinds } from '@reelay/contracts/domain';
import { parseLane } from '@reelay/contracts/lane';
import type { PoolUtilisation, UtilisationPoint, UtilisationQuery } from '@reelay/contracts/statistics';
import type { SlotLimits } from '../assign/slot-limits.js';
import { capacity, slotColumns } from '../assign/token-filter.js';
import type { Database, Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface SamplePool {
  limits: Readonly<Record<SlotKind, SlotLimits>>;
  targets: readonly string[];
  /** Two samples of the same interval are one: the first is kept. */
  everyMs: number;
}

export async function samplePool(database: Queryable, sample: SamplePool): Promise<void> {
  const waiting = await countWaiting(database);
  for (const slotKind of slotKinds) await sampleKind(database, slotKind, { ...sample, waiting: waiting[slotKind] });
}

/** A lane at a time, which the index answers. What another release named cannot be read and is left out. */
async function countWaiting(database: Queryable): Promise<Record<SlotKind, number>> {
  const lanes = await database.$queryRaw<{ lane: string; count: number }[]>`
    SELECT lane, count(*)::integer AS count FROM generation WHERE state = 'queued' AND token_id IS NULL GROUP BY lane`;
  const waiting = { image: 0, video: 0 };
  for (const { lane, count } of lanes) {
    try {
      const slotKind = slotKindOf(parseLane(lane).kind);
      if (slotKind) waiting[slotKind] += count;
    } catch {}
  }
  return waiting;
}

async function sampleKind(
  database: Queryable,
  slotKind: SlotKind,
  { limits, targets, everyMs, waiting }: SamplePool & { waiting: number },
): Promise<void> {
  const { limit, enabled, coolingUntil } = slotColumns[slotKind];
  const { unlimitedSlots, quotaMargin } = limits[slotKind];
  const isExhausted =
    slotKind === 'video'
      ? Prisma.sql`coalesce(token.remaining <= ${quotaMargin}::integer AND coalesce(token.resets_at > now(), true), false)`
      : Prisma.sql`false`;
  await database.$executeRaw`
    INSERT INTO pool_sample (at, kind, used, ready, most, waiting)
    SELECT date_bin(${everyMs}::float8 * interval '1 millisecond', now(), 'epoch'), ${slotKind},
      (SELECT count(*) FROM token_slot WHERE kind = ${slotKind}),
      coalesce(sum(slots) FILTER (WHERE token.state = 'active' AND coalesce(${coolingUntil} <= now(), true) AND NOT ${isExhausted}), 0),
      coalesce(sum(slots), 0), ${waiting}::integer
    FROM token CROSS JOIN LATERAL (SELECT ${capacity(slotKind, unlimitedSlots)}) AS counted (slots)
    WHERE token.hidden_at IS NULL AND token.state <> 'disabled' AND token.target = ANY(${[...targets]}::text[])
      AND ${enabled} AND ${limit} <> 0
    ON CONFLICT (at, kind) DO NOTHING`;
}

export async function readUtilisation(
  database: Queryable,
  { hours, stepMinutes }: UtilisationQuery,
): Promise<PoolUtilisation> {
  const rows = await database.$queryRaw<(Omit<UtilisationPoint, 'at'> & { at: Date; kind: SlotKind })[]>`
    SELECT date_bin(${stepMinutes}::integer * interval '1 minute', at, 'epoch') AS at, kind,
      avg(used)::float8 AS used, avg(ready)::float8 AS ready, avg(most)::float8 AS most,
      max(used) AS "mostUsed", max(waiting) AS waiting, count(*)::integer AS samples
    FROM pool_sample WHERE at > now() - ${hours}::integer * interval '1 hour' GROUP BY 1, 2 ORDER BY 1`;
  const series = (wanted: SlotKind) =>
    rows.flatMap(({ kind, at, ...point }) => (kind === wanted ? [{ at: at.toISOString(), ...point }] : []));
  return { stepMinutes, image: series('image'), video: series('video') };
}

const portion = 5_000;

/** In portions, so that no statement runs long. True when there is more to delete. */
export async function deleteOldSamples(database: Database, keptDays: number): Promise<boolean> {
  const deleted = await database.$executeRaw`
    DELETE FROM pool_sample WHERE (at, kind) IN (
      SELECT at, kind FROM pool_sample WHERE at < now() - ${keptDays} * interval '1 day' ORDER BY at LIMIT ${portion})`;
  return deleted === portion;
}
