/** Where the secrets of batches are sealed for. */
import type { SealedPlace } from '@reelay/platform/seal';

export function placeOfPayload(batchId: string, n: number): SealedPlace {
  return { table: 'batch_row', row: `${batchId}/${n}`, column: 'payload_sealed' };
}

export function placeOfBatchSecret(batchId: string): SealedPlace {
  return { table: 'batch', row: batchId, column: 'secret_sealed' };
}
