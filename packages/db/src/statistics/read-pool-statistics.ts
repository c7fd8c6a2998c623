import type { PoolStatistics } from '@reelay/contracts/statistics';
import type { Database } from '../client.js';
import { knownTimeZone } from './known-time-zone.js';
import { readWork } from './read-work.js';

export interface ReadStatistics {
  /** As configured. */
  timeZone: string;
  days: number;
}

export async function readPoolStatistics(database: Database, read: ReadStatistics): Promise<PoolStatistics> {
  const work = await readWork(database, { ...read, timeZone: await knownTimeZone(database, read.timeZone) });
  const [accounts] = await database.$queryRaw<[PoolStatistics['accounts']]>`
    SELECT count(*)::integer AS total, count(*) FILTER (WHERE state = 'active')::integer AS active,
      count(*) FILTER (WHERE state = 'needs_attention')::integer AS "needsAttention",
      count(*) FILTER (WHERE state = 'disabled')::integer AS disabled
    FROM token WHERE hidden_at IS NULL`;
  return { ...work, accounts };
}
