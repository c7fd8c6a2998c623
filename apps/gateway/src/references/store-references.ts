/**
 * Images and videos of a request, fetched where only their address was given, checked, and kept before the request is accepted: so their
 * errors are the client's answer, and neither a slot nor a token has to do with them. What is then not accepted is swept by age.
 */
import { AppError, isAppError } from '@reelay/contracts/errors';
import type { Reference } from '@reelay/contracts/generation-request';
import type { Settings } from '@reelay/contracts/settings';
import { insertReference } from '@reelay/db/assets/insert-reference';
import { noteReferenceFile } from '@reelay/db/assets/loose-files';
import type { Database } from '@reelay/db/client';
import { guardedDownload } from '@reelay/platform/guarded-download';
import type { Storage } from '@reelay/platform/storage';
import { newUlid } from '@reelay/platform/ulid';
import type { MemoryBudget } from '../http/memory-budget.js';
import { extensionOf } from '../media/media-links.js';
import { checkReference, checkSize, mostBytesOf } from './check-reference.js';
import type { GivenMedia } from './read-media-input.js';

export interface StoreReferencesParts {
  database: Database;
  storage: Storage;
  budget: MemoryBudget;
  /** `host:port` of private places that clients' addresses may lead to. */
  fetchAllow: readonly string[];
}

export interface StoreReferences {
  ownerId: string;
  media: readonly GivenMedia[];
  settings: Settings;
}

/** @throws AppError `invalid_reference`, `reference_unavailable`, `service_unavailable` */
export async function storeReferences(parts: StoreReferencesParts, store: StoreReferences): Promise<Reference[]> {
  const references: Reference[] = [];
  for (const media of store.media) references.push(await storeReference(parts, store, media));
  return references;
}

async function storeReference(
  parts: StoreReferencesParts,
  { ownerId, settings }: StoreReferences,
  media: GivenMedia,
): Promise<Reference> {
  // The bytes of a body are counted already; fetched ones have to find room before the first of them comes.
  const lease = media.bytes ? undefined : await parts.budget.reserve(mostBytesOf(media.kind, settings));
  try {
    const bytes = media.bytes ?? (await fetchMedia(parts, media, settings));
    lease?.shrinkTo(bytes.byteLength);
    checkSize(bytes.byteLength, media, settings);
    const { contentType, ...size } = checkReference(bytes, media);
    const id = newUlid();
    const storageKey = `references/${id.slice(-2).toLowerCase()}/${id}.${extensionOf(contentType)}`;
    await noteReferenceFile(parts.database, storageKey);
    const { sizeBytes, sha256 } = await parts.storage.put(storageKey, piecesOf(bytes));
    await insertReference(parts.database, { id, ownerId, storageKey, contentType, sizeBytes, sha256, ...size });
    return { assetId: id, kind: media.kind, contentType, sizeBytes };
  } finally {
    lease?.release();
  }
}

/** From here, never through an account's proxy: whose address it is must not be seen from there, nor ours from here. */
async function fetchMedia(
  { fetchAllow }: StoreReferencesParts,
  { url = '', kind, param }: GivenMedia,
  settings: Settings,
): Promise<Uint8Array> {
  const maximumBytes = mostBytesOf(kind, settings);
  const timeoutMs = settings['reference.fetchMs'];
  try {
    return (await guardedDownload({ url, param, maximumBytes, timeoutMs, allow: fetchAllow })).bytes;
  } catch (error) {
    if (!isAppError(error)) throw error;
    throw new AppError('reference_unavailable', error.message, { param, cause: error });
  }
}

const pieceBytes = 1024 * 1024;

/** Between two pieces others get their turn. */
async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
