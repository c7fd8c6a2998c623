/** The happy end: the asset rows and the terminal state in one transaction. What the upstream gave besides media is part of the result. */
import type { GenerationState } from '@reelay/contracts/domain';
import type { MediaAsset } from '@reelay/contracts/generation-request';
import { insertResults, type StoredResult } from '../assets/insert-results.js';
import { settleFiles } from '../assets/loose-files.js';
import type { Database, Transaction } from '../client.js';
import { inTransaction } from '../transaction.js';
import { endGeneration } from './end-generation.js';
import type { PublishedEvent } from './progress-generations.js';
import { readResultExtras } from './result-extras.js';

/** Undefined when it had ended before; then no asset row is written either. */
export async function finishGeneration(
  database: Database,
  subject: { generationId: string; ownerId: string },
  results: readonly StoredResult[],
  /** What is to be had from the upstream alone. */
  passedOn: readonly MediaAsset[] = [],
): Promise<PublishedEvent | undefined> {
  return inTransaction(database, async (tx) => {
    // Locked first, as in every transaction that touches an attempt.
    const [generation] = await tx.$queryRaw<{ state: GenerationState; extras: unknown }[]>`
      SELECT state, extras FROM generation WHERE id = ${subject.generationId} FOR UPDATE`;
    if (generation?.state !== 'running') return undefined;
    const media = [...(await keepResults(tx, subject, results)), ...passedOn];
    return endGeneration(tx, subject.generationId, {
      state: 'succeeded',
      result: { media, ...readResultExtras(generation.extras) },
    });
  });
}

async function keepResults(
  tx: Transaction,
  subject: { generationId: string; ownerId: string },
  results: readonly StoredResult[],
): Promise<MediaAsset[]> {
  await insertResults(tx, subject, results);
  await settleFiles(
    tx,
    results.map((result) => result.storageKey),
  );
  return results.map(({ assetId, contentType, sizeBytes, width, height, durationMs }) => ({
    assetId,
    contentType,
    sizeBytes,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(durationMs !== undefined && { durationMs }),
  }));
}
