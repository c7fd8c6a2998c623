/** One claimed row of any batch: opened, done, and told what became of it. */
import { isAppError } from '@reelay/contracts/errors';
import type { ClaimedRow } from '@reelay/db/batches/claim-rows';
import type { RunningBatch } from '@reelay/db/batches/find-batch';
import { isOutage } from '@reelay/db/outage';
import { importRow } from '../import/import-row.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { placeOfBatchSecret } from './batch-places.js';
import { isRenewable } from './is-renewable.js';
import { failureOf, outcome, type RowOutcome } from './row-outcome.js';
import { workOnToken } from './work-on-token.js';

/** @throws where the database is away: the row keeps its claim and is done again when that is over */
export async function runRow(
  parts: TokenManagerParts,
  batch: RunningBatch,
  row: ClaimedRow,
  claim: string,
): Promise<RowOutcome> {
  try {
    if (batch.kind === 'import') return await importRow(parts, { batch, row, claim });
    if (row.tokenId === null) return outcome('failed', null, 'The row names no account.');
    const { kind, options, secretSealed } = batch;
    const proxyUrl = secretSealed === null ? undefined : parts.vault.openAt(placeOfBatchSecret(batch.id), secretSealed);
    return await workOnToken(parts, row.tokenId, { kind, options, proxyUrl });
  } catch (error) {
    if (!isOutage(error)) parts.log.debug({ error, batchId: batch.id, row: row.n }, 'row of a batch failed');
    const failed = failureOf(error, row.tokenId);
    if (row.tokenId === null || !isAppError(error) || error.code !== 'credential_unavailable') return failed;
    return { ...failed, isPassing: await isRenewable(parts, row.tokenId) };
  }
}
