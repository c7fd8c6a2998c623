/** Why a request would not be accepted now: asked before work is put into it. Acceptance decides, by the same questions. */
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { keyLimits, type QuotaPeriod } from './key-limits.js';
import { type AskOutlook, type LaneOutlook, laneOutlook } from './lane-outlook.js';

export interface AdmissionLimits {
  /** Generations that have not ended: of a key that says nothing else, and at all. */
  openPerKey: number;
  open: number;
  /** In which days and months of quotas begin; UTC, if not given. */
  timeZone?: string;
}

export type Refusal =
  /** No token of the pool could ever serve the lane. */
  | { outcome: 'unserved'; reason: string | null }
  /** Nobody serves it now or is known to do so before the deadline. */
  | { outcome: 'out'; reason: string | null }
  /** Its turn would come after the deadline. */
  | { outcome: 'hopeless'; waitMs: number }
  | { outcome: 'full'; scope: 'key' | 'all'; most: number; startEveryMs: number | null }
  /** The key has reserved or booked all it may of this kind in the present day or month. */
  | { outcome: 'spent'; period: QuotaPeriod; kind: string; most: number };

export async function findRefusal(
  database: Queryable,
  ask: AskOutlook & { kind: string; limits: AdmissionLimits; count?: number },
): Promise<Refusal | undefined> {
  const { apiKeyId, kind, limits, count = 1 } = ask;
  // One after another: a refusal of the last is one of all.
  const others = Prisma.sql`${count - 1}::integer`;
  const { openPerKey, open, timeZone = 'UTC' } = limits;
  // What has no quota is not counted.
  const isSpent = (period: QuotaPeriod) => {
    const most = Prisma.raw(period === 'day' ? 'own.daily' : 'own.monthly');
    return Prisma.sql`CASE WHEN ${most} IS NOT NULL THEN quota_used(${apiKeyId}, ${kind}, ${period}, ${timeZone}) + ${others} >= ${most} END`;
  };
  const [found] = await database.$queryRaw<Found[]>`
    WITH own AS (${keyLimits({ apiKeyId, kind, openPerKey })})
    SELECT outlook.*, own.most_open AS "mostOpen", own.daily, own.monthly,
      own.most_open IS NULL OR count_open_generations(${apiKeyId}, own.most_open) + ${others} < own.most_open AS "isKeyAdmitted",
      count_open_generations(NULL, ${open}::integer) + ${others} < ${open} AS "isAdmitted",
      CASE WHEN ${isSpent('day')} THEN 'day' WHEN ${isSpent('month')} THEN 'month' END AS spent
    FROM (SELECT) AS one LEFT JOIN (${laneOutlook(ask)}) AS outlook ON true LEFT JOIN own ON true`;
  return found && refusalOf(found, { kind, limits });
}

type Found = Partial<LaneOutlook> & CountedOpen;

export interface CountedOpen {
  isKeyAdmitted: boolean | null;
  isAdmitted: boolean | null;
  /** Limits of the key, null where it has none. */
  mostOpen: number | null;
  daily: number | null;
  monthly: number | null;
  spent: QuotaPeriod | null;
}

export function refusalOf(
  found: Found,
  { kind, limits }: { kind: string; limits: AdmissionLimits | undefined },
): Refusal | undefined {
  const reason = found.reason ?? null;
  if (found.isUnserved) return { outcome: 'unserved', reason };
  if (found.isOut) return { outcome: 'out', reason };
  if (typeof found.hopelessMs === 'number') return { outcome: 'hopeless', waitMs: found.hopelessMs };
  const full = { outcome: 'full', startEveryMs: found.startEveryMs ?? null } as const;
  if (found.isKeyAdmitted === false) return { ...full, scope: 'key', most: found.mostOpen ?? 0 };
  if (limits && found.isAdmitted === false) return { ...full, scope: 'all', most: limits.open };
  if (!found.spent) return undefined;
  return {
    outcome: 'spent',
    period: found.spent,
    kind,
    most: (found.spent === 'day' ? found.daily : found.monthly) ?? 0,
  };
}
