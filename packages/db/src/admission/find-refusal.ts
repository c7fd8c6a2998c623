/** Why a request would not be accepted now: asked before work is put into it. Acceptance decides, by the same questions. */
import type { Queryable } from '../client.js';
import { type AskOutlook, type LaneOutlook, laneOutlook } from './lane-outlook.js';

export interface AdmissionLimits {
  /** Generations that have not ended: of the key, and at all. */
  openPerKey: number;
  open: number;
}

export type Refusal =
  /** No token of the pool could ever serve the lane. */
  | { outcome: 'unserved'; reason: string | null }
  /** Nobody serves it now or is known to do so before the deadline. */
  | { outcome: 'out'; reason: string | null }
  /** Its turn would come after the deadline. */
  | { outcome: 'hopeless'; waitMs: number }
  | { outcome: 'full'; scope: 'key' | 'all'; most: number; startEveryMs: number | null };

export async function findRefusal(
  database: Queryable,
  ask: AskOutlook & { limits: AdmissionLimits },
): Promise<Refusal | undefined> {
  const { apiKeyId, limits } = ask;
  const [found] = await database.$queryRaw<(Partial<LaneOutlook> & CountedOpen)[]>`
    SELECT outlook.*,
      ${apiKeyId}::text IS NULL OR count_open_generations(${apiKeyId}, ${limits.openPerKey}::integer) < ${limits.openPerKey} AS "isKeyAdmitted",
      count_open_generations(NULL, ${limits.open}::integer) < ${limits.open} AS "isAdmitted"
    FROM (SELECT) AS one LEFT JOIN (${laneOutlook(ask)}) AS outlook ON true`;
  return found && refusalOf(found, limits);
}

export interface CountedOpen {
  isKeyAdmitted: boolean | null;
  isAdmitted: boolean | null;
}

export function refusalOf(
  found: Partial<LaneOutlook> & CountedOpen,
  limits: AdmissionLimits | undefined,
): Refusal | undefined {
  const reason = found.reason ?? null;
  if (found.isUnserved) return { outcome: 'unserved', reason };
  if (found.isOut) return { outcome: 'out', reason };
  if (typeof found.hopelessMs === 'number') return { outcome: 'hopeless', waitMs: found.hopelessMs };
  const full = { outcome: 'full', startEveryMs: found.startEveryMs ?? null } as const;
  if (limits && found.isKeyAdmitted === false) return { ...full, scope: 'key', most: limits.openPerKey };
  if (limits && found.isAdmitted === false) return { ...full, scope: 'all', most: limits.open };
  return undefined;
}
