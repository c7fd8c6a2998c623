/** What a worker does to a generation, for tests of what the gateway makes of it. */
import { randomBytes } from 'node:crypto';
import type { StoredError } from '@reelay/contracts/errors';
import type { GenerationResult } from '@reelay/contracts/generation-request';
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

/** Stores a file of some bytes and ends the generation with it as its video. */
export async function succeed(workplace: Workplace, generationId: string, bytes = randomBytes(1000)) {
  const video = { contentType: 'video/mp4', width: 640, height: 360, durationMs: 10_000, bytes };
  const { media, event } = await succeedWith(workplace, generationId, { media: [video] });
  const [{ assetId, sha256 }] = media as [StoredMedia];
  return { assetId, bytes, sha256, event };
}

export interface Outcome extends Omit<GenerationResult, 'media'> {
  media?: { contentType: string; bytes: Uint8Array; width?: number; height?: number; durationMs?: number }[];
}

interface StoredMedia {
  assetId: string;
  sha256: string;
}

/** Ends the generation with whatever a provider could have made of it. */
export async function succeedWith(
  { database, storageDir }: Workplace,
  generationId: string,
  { media = [], ...result }: Outcome,
): Promise<{ media: StoredMedia[]; event: PublishedEvent }> {
  const storage = await LocalStorage.create(storageDir);
  const { ownerId } = await database.generation.findUniqueOrThrow({ where: { id: generationId } });
  const stored = await Promise.all(
    media.map(async ({ bytes, ...facts }) => {
      const assetId = newUlid();
      const { sizeBytes, sha256 } = await storage.put(`tests/${assetId}`, chunksOf(bytes));
      return { assetId, sha256, facts: { ...facts, sizeBytes } };
    }),
  );
  const event = await inTransaction(database, async (tx) => {
    for (const [ordinal, { assetId, sha256, facts }] of stored.entries()) {
      const of = {
        id: assetId,
        ownerId,
        generationId,
        role: 'result',
        ordinal,
        storageKey: `tests/${assetId}`,
        sha256,
      };
      await tx.asset.create({ data: { ...of, ...facts } });
    }
    const assets = stored.map(({ assetId, facts }) => ({ assetId, ...facts }));
    return endGeneration(tx, generationId, { state: 'succeeded', result: { ...result, media: assets } });
  });
  if (!event) throw new Error('The generation had ended before');
  return { media: stored, event };
}

export async function fail({ database }: Workplace, generationId: string, error: StoredError): Promise<void> {
  await inTransaction(database, (tx) => endGeneration(tx, generationId, { state: 'failed', error }));
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
