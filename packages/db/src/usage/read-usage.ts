/** What a key used, from the very rows by which its quotas are held. */
import { type GenerationKind, generationKinds } from '@reelay/contracts/domain';
import type { QuotaView, UsageGroup, UsageQuery, UsageReport, UsageRow } from '@reelay/contracts/usage';
import type { Database, Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { knownTimeZone } from '../statistics/known-time-zone.js';

export interface ReadUsage extends UsageQuery {
  apiKeyId: string;
  /** As configured. */
  timeZone: string;
}

/** Days by default, up to today. */
const usualDays = 30;

export async function readUsage(database: Database, read: ReadUsage): Promise<UsageReport> {
  const { apiKeyId, group_by: groups } = read;
  const timeZone = await knownTimeZone(database, read.timeZone);
  const range = await rangeOf(database, read, timeZone);
  const ask = { apiKeyId, timeZone, ...range };
  const sums = await sumUp(database, ask, groups);
  const { rows = [], ofAll = [] } = Object.groupBy(sums, ({ isTotal }) => (isTotal ? 'ofAll' : 'rows'));
  const data = joinCurrencies(rows, groups);
  const [total = { ...nothing }] = joinCurrencies(ofAll, []).map(({ object: _, ...counts }) => counts);
  const quotas = await readQuotas(database, apiKeyId, timeZone);
  return {
    object: 'usage',
    api_key_id: apiKeyId,
    time_zone: timeZone,
    ...range,
    group_by: groups,
    data,
    total,
    quotas,
  };
}

const nothing = { accepted: 0, booked: 0, reserved: 0, released: 0, costs: [] };

interface Range {
  start: string;
  end: string;
}

async function rangeOf(database: Queryable, { start, end }: ReadUsage, timeZone: string): Promise<Range> {
  if (start !== undefined && end !== undefined) return { start, end };
  const [range] = await database.$queryRaw<[Range]>`
    SELECT (today - ${usualDays - 1}::integer)::text AS start, today::text AS end
    FROM (SELECT (now() AT TIME ZONE ${timeZone})::date AS today) AS now`;
  return range;
}

const columns: Record<UsageGroup, (timeZone: string) => Prisma.Sql> = {
  day: (timeZone) => Prisma.sql`(created_at AT TIME ZONE ${timeZone})::date::text`,
  model: () => Prisma.sql`model`,
  kind: () => Prisma.sql`kind`,
};

/** By group, and of all together, in one walk over the rows. */
async function sumUp(
  database: Queryable,
  { apiKeyId, timeZone, start, end }: Range & { apiKeyId: string; timeZone: string },
  groups: readonly UsageGroup[],
): Promise<Sum[]> {
  const named = groups.map((group) => Prisma.sql`${columns[group](timeZone)} AS ${Prisma.raw(group)}`);
  // By name: an expression with parameters is not the same expression twice.
  const keys = [...groups, 'currency'].map((name) => Prisma.raw(name));
  const [first] = groups;
  const isTotal = first === undefined ? Prisma.sql`true` : Prisma.sql`grouping(${Prisma.raw(first)}) = 1`;
  return database.$queryRaw<Sum[]>`
    SELECT ${Prisma.join(keys)}, ${isTotal} AS "isTotal", sum(accepted)::integer AS accepted, sum(booked)::integer AS booked,
      sum(reserved)::integer AS reserved, sum(released)::integer AS released, sum(cost)::float8 AS amount
    FROM (
      SELECT ${Prisma.join([...named, Prisma.sql`currency`])}, 1 AS accepted, (state = 'booked')::integer AS booked,
        (state = 'reserved')::integer AS reserved, (state = 'released')::integer AS released, cost
      FROM usage
      WHERE api_key_id = ${apiKeyId} AND kind = ANY(${[...generationKinds]}::text[])
        AND created_at >= ${start}::date::timestamp AT TIME ZONE ${timeZone}
        AND created_at < (${end}::date + 1)::timestamp AT TIME ZONE ${timeZone}
    ) AS used
    GROUP BY ${first === undefined ? Prisma.sql`currency` : Prisma.sql`GROUPING SETS ((${Prisma.join(keys)}), (currency))`}
    ORDER BY ${Prisma.join(keys)}`;
}

type Sum = Partial<Record<UsageGroup, string>> & {
  currency: string | null;
  accepted: number;
  booked: number;
  reserved: number;
  released: number;
  amount: number | null;
  isTotal: boolean;
};

/** Rows that differ in the currency only are one, with several costs. They follow each other. */
function joinCurrencies(sums: readonly Sum[], groups: readonly UsageGroup[]): UsageRow[] {
  const rows = new Map<string, UsageRow>();
  for (const sum of sums) {
    const of = Object.fromEntries(groups.map((group) => [group, sum[group]]));
    const key = JSON.stringify(of);
    const row = rows.get(key) ?? { object: 'usage.row', ...of, ...nothing, costs: [] };
    for (const count of ['accepted', 'booked', 'reserved', 'released'] as const) row[count] += sum[count];
    if (sum.currency !== null && sum.amount !== null) row.costs.push({ currency: sum.currency, amount: sum.amount });
    rows.set(key, row);
  }
  return [...rows.values()];
}

async function readQuotas(database: Queryable, apiKeyId: string, timeZone: string): Promise<QuotaView[]> {
  const rows = await database.$queryRaw<(Omit<QuotaView, 'resets_at'> & { resets_at: Date })[]>`
    SELECT quota.kind, period, quota.most AS limit, quota_used(id, quota.kind, period, ${timeZone}) AS used,
      usage_period_end(period, ${timeZone}) AS resets_at
    FROM api_key CROSS JOIN LATERAL (
      SELECT 'day' AS period, key AS kind, value::integer AS most FROM jsonb_each_text(coalesce(daily_quota, '{}'))
      UNION ALL SELECT 'month', key, value::integer FROM jsonb_each_text(coalesce(monthly_quota, '{}'))
    ) AS quota
    WHERE id = ${apiKeyId} ORDER BY quota.kind, period`;
  return rows.map(({ resets_at, ...row }) => ({
    ...row,
    kind: row.kind satisfies GenerationKind,
    resets_at: resets_at.toISOString(),
  }));
}
