/** What the calls of one step are handed beside what every call is. */
import { AppError } from '@reelay/contracts/errors';
import type { CallContext, Json, StepContext } from '@reelay/contracts/provider';
import { findLinkedReference } from '@reelay/db/assets/find-linked-reference';
import { StorageError } from '@reelay/platform/storage';
import type { WorkerParts } from '../worker-parts.js';

/** Where in the way of its generation a step stands. */
export interface StepPosition {
  step: number;
  /** From the step before. */
  carried: Json;
}

export function stepContext(
  context: CallContext,
  { step, carried }: StepPosition,
  references: StoredReferences,
): StepContext {
  return { ...context, step, carried, readReference: references.read };
}

/** The references a generation was accepted with. */
export class StoredReferences {
  /** Why one could not be read that will not come back; the adaptor above may have turned it into something of its own. */
  failure: AppError | undefined;
  readonly #parts: Pick<WorkerParts, 'database' | 'storage'>;
  readonly #generationId: string;

  constructor(parts: Pick<WorkerParts, 'database' | 'storage'>, generationId: string) {
    this.#parts = parts;
    this.#generationId = generationId;
  }

  /** @throws AppError `media_unavailable` */
  readonly read = async (assetId: string): Promise<Uint8Array> => {
    const { database, storage } = this.#parts;
    const asset = await findLinkedReference(database, { assetId, generationId: this.#generationId });
    if (!asset) throw this.#gone();
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of await storage.open(asset.storageKey)) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    } catch (error) {
      // Anything else may pass: a store that cannot be reached is tried again.
      throw error instanceof StorageError && error.kind === 'not_found' ? this.#gone() : error;
    }
  };

  #gone(): AppError {
    const message = 'An image or video of this generation is not stored any more. Send the request again with it.';
    this.failure = new AppError('media_unavailable', message);
    return this.failure;
  }
}
