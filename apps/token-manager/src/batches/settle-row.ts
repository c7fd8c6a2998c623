/** What becomes of a row that was worked on: its verdict, or another try after a pause where the reason passes by itself. */
import { type ClaimedRow, putOffRow } from '@reelay/db/batches/claim-rows';
import { finishRows } from '@reelay/db/batches/finish-rows';
import type { TokenManagerParts } from '../token-manager-parts.js';
import type { RowOutcome } from './row-outcome.js';

interface Settled {
  batchId: string;
  claim: string;
  row: ClaimedRow;
  done: RowOutcome;
}

export async function settleRow(
  { database, settings }: Pick<TokenManagerParts, 'database' | 'settings'>,
  { batchId, claim, row: { n, retries }, done: { isPassing = false, ...done } }: Settled,
): Promise<void> {
  const { 'batch.retries': mostRetries, 'batch.retryMs': retryMs } = await settings.read();
  if (!isPassing || retries >= mostRetries) {
    await finishRows(database, { batchId, claim, results: [{ n, ...done }] });
    return;
  }
  const forMs = Math.min(retryMs * 4 ** retries, longestPauseMs);
  await putOffRow(database, { batchId, n, claim, forMs, message: done.message ?? 'It failed for a passing reason.' });
}

const longestPauseMs = 3_600_000;
