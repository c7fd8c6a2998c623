import { LocalStorage } from './local-storage.js';
import type { Storage } from './storage.js';
import type { StoragePlace } from './storage-place.js';

export interface OpenStorage extends Storage {
  /** Removes what crashed writers left and nobody sees. How many there were. */
  sweepUnfinished(olderThanMs: number): Promise<number>;
}

export async function openStorage(place: StoragePlace): Promise<OpenStorage> {
  if (place.kind === 'folder') return LocalStorage.create(place.path);
  // Loaded only where it is used: it is larger than the rest of an app.
  const { S3Storage } = await import('./s3-storage.js');
  return new S3Storage(place.s3);
}
