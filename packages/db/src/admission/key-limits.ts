/** What an API key may have reserved and open, as its row says at the moment it is asked. Parts of larger statements. */
import { Prisma } from '../generated/prisma/client.js';
import type { OrColumns } from './lane-outlook.js';

/** One row, or none without a key. Where a key says nothing of what may be open, `openPerKey` holds. */
export function keyLimits({ apiKeyId, kind, openPerKey }: OrColumns<AskKeyLimits>): Prisma.Sql {
  return Prisma.sql`
    SELECT priority, coalesce(queued_limit, ${openPerKey}::integer) AS most_open,
      (daily_quota ->> ${kind}::text)::integer AS daily, (monthly_quota ->> ${kind}::text)::integer AS monthly
    FROM api_key WHERE id = ${apiKeyId}`;
}

export interface AskKeyLimits {
  apiKeyId: string | null;
  /** Quotas are by kind. */
  kind: string;
  /** None where it is null. */
  openPerKey: number | null;
}

export type QuotaPeriod = 'day' | 'month';
