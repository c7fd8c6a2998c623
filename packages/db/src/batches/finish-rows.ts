/** Verdicts. With its verdict a row loses its secret; with its last row a batch is over. */
import { type BatchVerdict, failedVerdicts } from '@reelay/contracts/batches';
import { toStorableText } from '@reelay/contracts/storable-text';
import type { Queryable } from '../client.js';

export interface RowResult {
  n: number;
  verdict: BatchVerdict;
  message: string | null;
  tokenId: string | null;
}

/** Counts only rows that are still this claim's: one that took too long was done by somebody else. */
export async function finishRows(
  database: Queryable,
  { batchId, claim, results }: { batchId: string; claim: string; results: readonly RowResult[] },
): Promise<void> {
  await database.$executeRaw`
    WITH finished AS (
      UPDATE batch_row SET verdict = result.verdict, message = result.message, token_id = coalesce(result.token_id, batch_row.token_id),
        payload_sealed = NULL, claim = NULL, claimed_until = NULL
      FROM unnest(
        ${results.map(({ n }) => n)}::integer[], ${results.map(({ verdict }) => verdict)}::text[],
        ${results.map(({ message }) => message && toStorableText(message))}::text[],
        ${results.map(({ tokenId }) => tokenId)}::text[]) AS result (n, verdict, message, token_id)
      WHERE batch_id = ${batchId} AND batch_row.n = result.n AND claim = ${claim} AND batch_row.verdict IS NULL
      RETURNING result.verdict),
    counted AS (
      SELECT count(*)::integer AS done, (count(*) FILTER (WHERE verdict = ANY(${[...failedVerdicts]}::text[])))::integer AS failed
      FROM finished)
    UPDATE batch SET done = batch.done + counted.done, failed = batch.failed + counted.failed, updated_at = now()
    FROM counted WHERE id = ${batchId} AND counted.done > 0`;
}

/** True when this call found that every row has its verdict. */
export async function closeBatch(database: Queryable, batchId: string): Promise<boolean> {
  const closed = await database.$executeRaw`
    UPDATE batch SET state = 'done', secret_sealed = NULL, finished_at = now(), updated_at = now()
    WHERE id = ${batchId} AND state = 'running'
      AND NOT EXISTS (SELECT FROM batch_row WHERE batch_id = ${batchId} AND verdict IS NULL)`;
  return closed === 1;
}

/** What a row had begun comes to its end, no other is begun. False when the batch is over already. */
export async function cancelBatch(database: Queryable, batchId: string): Promise<boolean> {
  return endEarly(database, batchId, { from: ['receiving', 'running'], to: 'cancelled', error: null });
}

export async function failBatch(database: Queryable, batchId: string, error: string): Promise<boolean> {
  return endEarly(database, batchId, { from: ['receiving'], to: 'failed', error });
}

/** Uploads whose receiver died: nothing was added to them for `idleMs`. */
export async function failAbandoned(database: Queryable, { idleMs, error }: { idleMs: number; error: string }) {
  const abandoned = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM batch WHERE state = 'receiving' AND updated_at < now() - ${idleMs}::float8 * interval '1 millisecond'`;
  for (const { id } of abandoned) await failBatch(database, id, error);
}

/** What a row that was given back while its batch was being ended still holds. */
export async function eraseLeftPayloads(database: Queryable): Promise<void> {
  await database.$executeRaw`
    UPDATE batch_row SET payload_sealed = NULL FROM batch
    WHERE batch.id = batch_id AND batch.state IN ('cancelled', 'failed') AND verdict IS NULL AND payload_sealed IS NOT NULL
      AND (claim IS NULL OR claimed_until <= now())`;
}

/** Batches are kept for people to read; what was sent for them is remembered as long. */
export async function deleteOldBatches(database: Queryable, olderThanMs: number): Promise<number> {
  return database.$executeRaw`
    DELETE FROM batch WHERE finished_at < now() - ${olderThanMs}::float8 * interval '1 millisecond'`;
}

async function endEarly(
  database: Queryable,
  batchId: string,
  { from, to, error }: { from: readonly string[]; to: 'cancelled' | 'failed'; error: string | null },
): Promise<boolean> {
  const ended = await database.$queryRaw<{ id: string }[]>`
    WITH ended AS (
      UPDATE batch SET state = ${to}, error = ${error}, secret_sealed = NULL, finished_at = now(), updated_at = now()
      WHERE id = ${batchId} AND state = ANY(${[...from]}::text[]) RETURNING id),
    erased AS (
      -- A claimed row is being worked on: it keeps what it needs, and loses it with its verdict.
      UPDATE batch_row SET payload_sealed = NULL FROM ended
      WHERE batch_id = ended.id AND verdict IS NULL AND (claim IS NULL OR claimed_until <= now()))
    SELECT id FROM ended`;
  return ended.length === 1;
}
