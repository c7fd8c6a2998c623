/**
 * Files of forms on their way into the store: written while they come in, never whole in memory. What its request did not make a
 * reference or a file of is removed when the request is over; what a crash leaves is found as a loose file.
 */
import type { IncomingMessage } from 'node:http';
import { StoredUpload } from '@reelay/contracts/request/stored-upload';
import { giveUpUploads, noteReferenceFile } from '@reelay/db/assets/loose-files';
import type { Database } from '@reelay/db/client';
import type { Logger } from '@reelay/platform/logger';
import type { Storage } from '@reelay/platform/storage';
import { newUlid } from '@reelay/platform/ulid';
import { onRelease } from './body-limits.js';

export interface UploadsOptions {
  database: Database;
  storage: Storage;
  log: Logger;
}

export class Uploads {
  readonly #options: UploadsOptions;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** Rejects, leaving nothing behind, when the source does. */
  async store(request: IncomingMessage, source: AsyncIterable<Uint8Array>): Promise<StoredUpload> {
    const { database, storage } = this.#options;
    const id = newUlid();
    const storageKey = `uploads/${id.slice(-2).toLowerCase()}/${id}`;
    await noteReferenceFile(database, storageKey);
    try {
      const { sizeBytes, sha256 } = await storage.put(storageKey, source);
      return new StoredUpload(storageKey, sizeBytes, sha256);
    } finally {
      // Only now: a file that is given up must not be written any more.
      onRelease(request, () => this.#giveUp(storageKey));
    }
  }

  #giveUp(storageKey: string): void {
    giveUpUploads(this.#options.database, [storageKey]).catch((error: unknown) => {
      this.#options.log.warn({ error, storageKey }, 'upload not given up, it is removed later');
    });
  }
}
