/** Refresh tokens that went out, by keyed hash: one may come by several rows (of the pool, of imports), and reaches its upstream once. */
import type { Queryable, Transaction } from '../client.js';

/**
 * Written down before it leaves, in the transaction that marks its row. False when one of the hashes is known. Whoever comes second waits
 * for the first one's commit.
 */
export async function noteSent(tx: Transaction, macs: readonly string[]): Promise<boolean> {
  const known = await tx.$queryRaw<{ mac: string }[]>`
    SELECT mac FROM sent_refresh_token WHERE mac = ANY(${[...macs]}::text[])`;
  if (known.length > 0) return false;
  // In one order, so that two who know the same keys do not wait for each other.
  const noted = await tx.$executeRaw`
    INSERT INTO sent_refresh_token (mac) SELECT mac FROM unnest(${[...macs].sort()}::text[]) AS mac ON CONFLICT (mac) DO NOTHING`;
  return noted === macs.length;
}

/** Of one that certainly was not used up. */
export async function forgetSent(tx: Transaction, macs: readonly string[]): Promise<void> {
  await tx.$executeRaw`DELETE FROM sent_refresh_token WHERE mac = ANY(${[...macs]}::text[])`;
}

/** Long after an upstream takes none of them any more. */
export async function deleteOldSent(database: Queryable, keptDays: number): Promise<number> {
  return database.$executeRaw`
    DELETE FROM sent_refresh_token WHERE sent_at < now() - ${keptDays} * interval '1 day'`;
}
