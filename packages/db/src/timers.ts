/** In-process timers share rounds through one row each: whoever moves `next_at` first does the round, and nothing is held meanwhile. */
import type { Database } from './client.js';

/**
 * True when this process may do the round of `name` that is due now. It is also due when it stands further off than a whole period, which
 * has been shortened since; by the clock, as `now()` may be older than the claim that was just waited for.
 */
export async function claimTimer(database: Database, name: string, periodMs: number): Promise<boolean> {
  await database.$executeRaw`INSERT INTO timer (name) VALUES (${name}) ON CONFLICT (name) DO NOTHING`;
  const claimed = await database.$executeRaw`
    UPDATE timer SET next_at = now() + ${periodMs} * interval '1 millisecond'
    WHERE name = ${name}
      AND (next_at <= now() OR next_at > clock_timestamp() + ${periodMs} * interval '1 millisecond')`;
  return claimed === 1;
}
