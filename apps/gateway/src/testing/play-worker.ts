/** What a worker does to a generation, for tests of what the gateway makes of it. */
import { randomBytes } from 'node:crypto';
import type { StoredError } from '@reelay/contracts/errors';
import type { Database } from '@reelay/db/client';
import { endGeneration } from '@reelay/db/generations/end-generation';
import {
  type ProgressUpdate,
  type PublishedEvent,
  progressGenerations,
} from '@reelay/db/generations/progress-generations';
import { inTransaction } from '@reelay/db/transaction';
import { LocalStorage } from '@reelay/platform/local-storage';
import { newUlid } from '@reelay/platform/ulid';

export interface Workplace {
  database: Database;
  storageDir: string;
}

/** Writes the row and the event; publishes nothing. */
export async function progress({ database }: Workplace, update: ProgressUpdate): Promise<PublishedEvent> {
  const [event] = await progressGenerations(database, [update]);
  if (!event) throw new Error('The generation has ended or nothing changed');
  return event;
}

/** Stores a file of some bytes and ends the generation with it. */
export async function succeed({ database, storageDir }: Workplace, generationId: string, bytes = randomBytes(1000)) {
  const assetId = newUlid();
  const storage = await LocalStorage.create(storageDir);
  const { sizeBytes, sha256 } = await storage.put(`tests/${assetId}.mp4`, chunksOf(bytes));
  const { ownerId } = await database.generation.findUniqueOrThrow({ where: { id: generationId } });
  const media = { contentType: 'video/mp4', sizeBytes, width: 640, height: 360, durationMs: 10_000 };
  const event = await inTransaction(database, async (tx) => {
    await tx.asset.create({
      data: {
        id: assetId,
        ownerId,
        generationId,
        role: 'result',
        storageKey: `tests/${assetId}.mp4`,
        sha256,
        ...media,
      },
    });
    return endGeneration(tx, generationId, { state: 'succeeded', result: { media: [{ assetId, ...media }] } });
  });
  if (!event) throw new Error('The generation had ended before');
  return { assetId, bytes, sha256, event };
}

export async function fail({ database }: Workplace, generationId: string, error: StoredError): Promise<void> {
  await inTransaction(database, (tx) => endGeneration(tx, generationId, { state: 'failed', error }));
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
