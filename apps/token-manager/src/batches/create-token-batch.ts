/** Makes a batch over accounts that are in the pool: those named, or those of a filter as it is now. */
import type { BatchView, CreateBatch } from '@reelay/contracts/batches';
import { addChosen, addFiltered, setTotal } from '@reelay/db/batches/choose-tokens';
import { beginBatch, createBatch } from '@reelay/db/batches/create-batch';
import { findBatch } from '@reelay/db/batches/find-batch';
import { inTransaction } from '@reelay/db/transaction';
import { newUlid } from '@reelay/platform/ulid';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { readMatching } from '../tokens/list-all-tokens.js';
import { placeOfBatchSecret } from './batch-places.js';

export async function createTokenBatch(
  parts: Pick<TokenManagerParts, 'database' | 'settings' | 'vault' | 'batches' | 'log'>,
  asked: CreateBatch,
): Promise<BatchView | undefined> {
  const { database, vault, batches, log } = parts;
  const { kind, tokenIds, filter, ...rest } = asked;
  const { proxyUrl, ...options } = 'proxyUrl' in rest ? rest : { ...rest, proxyUrl: null };
  const id = newUlid();
  const secretSealed = proxyUrl === null ? null : vault.sealAt(placeOfBatchSecret(id), proxyUrl);
  const matching = await readMatching(parts);
  await inTransaction(database, async (tx) => {
    await createBatch(tx, { id, kind, options, secretSealed });
    const total = tokenIds ? await addChosen(tx, id, tokenIds) : await addFiltered(tx, id, filter ?? {}, matching);
    await setTotal(tx, id, total);
    await beginBatch(tx, id);
  });
  log.info({ batchId: id, kind }, 'batch made');
  batches.touch();
  return findBatch(database, id);
}
