import { readSettings } from '@reelay/contracts/settings';
import type { Transaction } from '../client.js';

/**
 * Once per generation, whatever its steps and attempts; also when it was cancelled between `sent` and the answer: it was spent. It costs
 * what the price is at this moment, and goes on costing that.
 */
export async function bookUsage(tx: Transaction, generationId: string): Promise<void> {
  const rows = await tx.$queryRaw<{ key: string; value: unknown }[]>`
    SELECT key, value FROM setting WHERE key IN ('price.models', 'price.currency')`;
  const { 'price.models': prices, 'price.currency': currency } = readSettings(rows).settings;
  await tx.$executeRaw`
    UPDATE usage SET state = 'booked', booked_at = now(), cost = price::numeric,
      currency = CASE WHEN price IS NOT NULL THEN ${currency} END
    FROM (SELECT generation_id, ${JSON.stringify(prices)}::jsonb ->> model AS price FROM usage WHERE generation_id = ${generationId}) AS priced
    WHERE usage.generation_id = priced.generation_id AND state <> 'booked'`;
}
