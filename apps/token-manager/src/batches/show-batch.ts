/** A batch with a page of its rows, and the list of batches. */
import type { BatchList, BatchListQuery, BatchPage, BatchRowsQuery } from '@reelay/contracts/batches';
import { AppError } from '@reelay/contracts/errors';
import { countVerdicts, findBatch, listBatches, listBatchRows } from '@reelay/db/batches/find-batch';
import { cancelBatch } from '@reelay/db/batches/finish-rows';
import type { TokenManagerParts } from '../token-manager-parts.js';

type Parts = Pick<TokenManagerParts, 'database' | 'log'>;

/** @throws AppError `not_found` */
export async function showBatch({ database }: Parts, id: string, query: BatchRowsQuery): Promise<BatchPage> {
  const batch = await findBatch(database, id);
  if (!batch) throw new AppError('not_found', 'There is no batch of this id; old ones are removed after some days.');
  const [verdicts, rows] = await Promise.all([
    countVerdicts(database, id),
    listBatchRows(database, id, { ...query, limit: query.limit + 1 }),
  ]);
  const shown = rows.slice(0, query.limit);
  return { ...batch, verdicts, rows: shown, next: rows.length > shown.length ? (shown.at(-1)?.n ?? null) : null };
}

export async function listAllBatches({ database }: Parts, { after, limit }: BatchListQuery): Promise<BatchList> {
  const batches = await listBatches(database, { after, limit: limit + 1 });
  const shown = batches.slice(0, limit);
  return { data: shown, next: batches.length > shown.length ? (shown.at(-1)?.id ?? null) : null };
}

/** What rows have begun comes to its end; no other row is begun. @throws AppError `not_found`, `invalid_request` */
export async function stopBatch(parts: Parts, id: string, query: BatchRowsQuery): Promise<BatchPage> {
  const isStopped = await cancelBatch(parts.database, id);
  const batch = await showBatch(parts, id, query);
  if (!isStopped && batch.state !== 'cancelled') {
    throw new AppError('invalid_request', `The batch is over already (${batch.state}); there is nothing to cancel.`);
  }
  if (isStopped) parts.log.info({ batchId: id }, 'batch cancelled');
  return batch;
}
