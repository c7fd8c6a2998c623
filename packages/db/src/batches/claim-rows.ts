/** Giving out rows of a batch: each to one replica, for a time. A replica that dies loses its rows to the next one when that is over. */
import { toStorableText } from '@reelay/contracts/storable-text';
import type { Database, Queryable } from '../client.js';
import { forgetSent, noteSent } from '../tokens/sent-refresh-tokens.js';
import { inTransaction } from '../transaction.js';

export interface ClaimedRow {
  n: number;
  payloadSealed: string | null;
  /** Set where a refresh token was sent for this row by somebody who did not live to tell what became of it. */
  sentMac: string | null;
  tokenId: string | null;
  /** Times it was put off. */
  retries: number;
}

export async function claimRows(
  database: Queryable,
  { batchId, claim, limit, leaseMs }: { batchId: string; claim: string; limit: number; leaseMs: number },
): Promise<ClaimedRow[]> {
  const rows = await database.$queryRaw<ClaimedRow[]>`
    -- Materialized: a subquery would be run again for every row, and its limit would limit nothing.
    WITH next AS MATERIALIZED (
      SELECT n FROM batch_row
      WHERE batch_id = ${batchId} AND verdict IS NULL AND coalesce(claimed_until <= now(), true)
        AND EXISTS (SELECT FROM batch WHERE id = ${batchId} AND state = 'running')
      ORDER BY n LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    UPDATE batch_row SET claim = ${claim}, claimed_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
    FROM next WHERE batch_id = ${batchId} AND batch_row.n = next.n
    RETURNING batch_row.n, payload_sealed AS "payloadSealed", sent_mac AS "sentMac", token_id AS "tokenId", retries`;
  return rows.sort((left, right) => left.n - right.n);
}

/** Rows that were not begun go back at once. */
export async function releaseRows(database: Queryable, batchId: string, claim: string): Promise<void> {
  await database.$executeRaw`
    UPDATE batch_row SET claim = NULL, claimed_until = NULL WHERE batch_id = ${batchId} AND claim = ${claim} AND verdict IS NULL`;
}

export interface PutOff {
  batchId: string;
  n: number;
  claim: string;
  forMs: number;
  /** Why, for people who look meanwhile. */
  message: string;
}

/** The row is done again later, by whoever claims it then. */
export async function putOffRow(database: Queryable, { batchId, n, claim, forMs, message }: PutOff): Promise<void> {
  await database.$executeRaw`
    UPDATE batch_row SET claim = NULL, claimed_until = now() + ${forMs}::float8 * interval '1 millisecond', retries = retries + 1,
      message = ${toStorableText(message)},
      payload_sealed = CASE WHEN EXISTS (SELECT FROM batch WHERE id = ${batchId} AND state = 'running') THEN payload_sealed END
    WHERE batch_id = ${batchId} AND n = ${n} AND claim = ${claim} AND verdict IS NULL`;
}

export interface SentMark {
  batchId: string;
  n: number;
  claim: string;
  /** Keyed hashes of the refresh token, the one of the key in use first. */
  macs: readonly [string, ...string[]];
}

/** Committed before a refresh token leaves. False where the same one was sent before, by an import or by the pool, or the row is another's. */
export async function markSent(database: Database, { batchId, n, claim, macs }: SentMark): Promise<boolean> {
  return inTransaction(database, async (tx) => {
    const marked = await tx.$executeRaw`
      UPDATE batch_row SET sent_mac = ${macs[0]} WHERE batch_id = ${batchId} AND n = ${n} AND claim = ${claim} AND verdict IS NULL`;
    return marked === 1 && (await noteSent(tx, macs));
  });
}

/** For a refresh token that certainly was not used up. */
export async function unmarkSent(database: Database, { batchId, n, claim, macs }: SentMark): Promise<void> {
  await inTransaction(database, async (tx) => {
    const unmarked = await tx.$executeRaw`
      UPDATE batch_row SET sent_mac = NULL WHERE batch_id = ${batchId} AND n = ${n} AND claim = ${claim}`;
    if (unmarked === 1) await forgetSent(tx, macs);
  });
}

/** What an exchange gave goes over the row's payload before anything else is done: the token that was sent is worthless from now on. */
export async function keepPayload(
  database: Queryable,
  { batchId, n, claim, payloadSealed }: { batchId: string; n: number; claim: string; payloadSealed: string },
): Promise<boolean> {
  const kept = await database.$executeRaw`
    UPDATE batch_row SET payload_sealed = ${payloadSealed}
    WHERE batch_id = ${batchId} AND n = ${n} AND claim = ${claim} AND verdict IS NULL`;
  return kept === 1;
}
