/** What a row of an import holds, in and out of its seal. */
import { AppError } from '@reelay/contracts/errors';
import type { ClaimedRow } from '@reelay/db/batches/claim-rows';
import { placeOfPayload } from '../batches/batch-places.js';
import type { Vault } from '../credentials/vault.js';
import type { Payload } from './account-of-row.js';

export function sealPayload(vault: Vault, batchId: string, n: number, payload: Payload): string {
  return vault.sealAt(placeOfPayload(batchId, n), JSON.stringify(payload));
}

/** @throws SealError; AppError where the batch was cancelled meanwhile */
export function openPayload(vault: Vault, batchId: string, { n, payloadSealed }: ClaimedRow): Payload {
  if (payloadSealed === null) throw new AppError('cancelled', 'The batch was cancelled before this row was begun.');
  return JSON.parse(vault.openAt(placeOfPayload(batchId, n), payloadSealed)) as Payload;
}
