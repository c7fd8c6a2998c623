/** Rows for media that lie in the store. The file comes first: a row never names one that is not there. */
import type { Transaction } from '../client.js';

export interface StoredResult {
  assetId: string;
  ordinal: number;
  storageKey: string;
  contentType: string;
  sizeBytes: number;
  sha256: string;
  width?: number;
  height?: number;
  durationMs?: number;
}

export async function insertResults(
  tx: Transaction,
  { generationId, ownerId }: { generationId: string; ownerId: string },
  results: readonly StoredResult[],
): Promise<void> {
  await tx.asset.createMany({
    data: results.map(({ assetId, sizeBytes, ...result }) => ({
      id: assetId,
      ownerId,
      generationId,
      role: 'result',
      sizeBytes: BigInt(sizeBytes),
      ...result,
    })),
  });
}
