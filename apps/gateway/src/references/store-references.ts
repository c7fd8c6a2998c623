/**
 * Images and videos of a request, fetched where only their address was given, checked, and kept before the request is accepted: so their
 * errors are the client's answer, and neither a slot nor a token has to do with them. What is then not accepted is swept by age.
 */
import { AppError, isAppError } from '@reelay/contracts/errors';
import { parseFileId } from '@reelay/contracts/file-ids';
import type { Reference } from '@reelay/contracts/generation-request';
import type { StoredUpload } from '@reelay/contracts/request/stored-upload';
import type { Settings } from '@reelay/contracts/settings';
import { insertFileReference } from '@reelay/db/assets/insert-file-reference';
import { insertReference, insertUploadReference } from '@reelay/db/assets/insert-reference';
import { noteReferenceFile } from '@reelay/db/assets/loose-files';
import type { Database } from '@reelay/db/client';
import { guardedDownload } from '@reelay/platform/guarded-download';
import type { Storage } from '@reelay/platform/storage';
import { newUlid } from '@reelay/platform/ulid';
import type { MemoryBudget } from '../http/memory-budget.js';
import { extensionOf } from '../media/media-links.js';
import { checkPixels, checkReference, checkSize, mostBytesOf } from './check-reference.js';
import { checkUpload } from './check-upload.js';
import type { FoundFile, GivenMedia } from './read-media-input.js';
import { fileNotFound } from './resolve-files.js';

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

/** @throws AppError `invalid_reference`, `reference_unavailable`, `not_found`, `service_unavailable` */
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
  switch (media.from) {
    case 'bytes':
      return storeBytes(parts, { ownerId, settings, media, bytes: media.bytes });
    case 'url':
      return storeFetched(parts, { ownerId, settings, media, url: media.url });
    case 'upload':
      return linkUpload(parts, { ownerId, settings, media, upload: media.upload });
    case 'file':
      return linkFile(parts, { ownerId, settings, media, file: media.file });
  }
}

type Of<More> = Omit<StoreReferences, 'media'> & { media: Pick<GivenMedia, 'kind' | 'param'> } & More;

async function storeBytes(
  { database, storage }: StoreReferencesParts,
  { ownerId, settings, media, bytes }: Of<{ bytes: Uint8Array }>,
): Promise<Reference> {
  checkSize(bytes.byteLength, media, settings);
  const { contentType, ...size } = checkReference(bytes, media);
  checkPixels({ contentType, ...size }, media, settings);
  const id = newUlid();
  const storageKey = `references/${id.slice(-2).toLowerCase()}/${id}.${extensionOf(contentType)}`;
  await noteReferenceFile(database, storageKey);
  const { sizeBytes, sha256 } = await storage.put(storageKey, piecesOf(bytes));
  await insertReference(database, { id, ownerId, storageKey, contentType, sizeBytes, sha256, ...size });
  return { assetId: id, kind: media.kind, contentType, sizeBytes };
}

async function storeFetched(parts: StoreReferencesParts, { url, ...of }: Of<{ url: string }>): Promise<Reference> {
  // The bytes of a body are counted already; these have to find room before the first of them comes.
  const lease = await parts.budget.reserve(mostBytesOf(of.media.kind, of.settings));
  try {
    const bytes = await fetchMedia(parts, url, of.media, of.settings);
    lease.shrinkTo(bytes.byteLength);
    return await storeBytes(parts, { ...of, bytes });
  } finally {
    lease.release();
  }
}

/** It lies in the store already, and becomes a reference where it lies. */
async function linkUpload(
  parts: StoreReferencesParts,
  { ownerId, settings, media, upload }: Of<{ upload: StoredUpload }>,
): Promise<Reference> {
  const { contentType, width, height } = await checkUpload(parts, { upload, settings, ...media });
  const id = newUlid();
  const size = width === undefined || height === undefined ? {} : { width, height };
  const { storageKey, sizeBytes, sha256 } = upload;
  const reference = { id, ownerId, storageKey, contentType, sizeBytes, sha256, ...size };
  if (await insertUploadReference(parts.database, reference)) {
    return { assetId: id, kind: media.kind, contentType, sizeBytes };
  }
  throw new AppError('invalid_request', 'The connection was closed before the request was accepted.');
}

async function linkFile(
  { database }: StoreReferencesParts,
  { ownerId, settings, media, file }: Of<{ file: FoundFile }>,
): Promise<Reference> {
  const { contentType, sizeBytes } = file;
  checkSize(sizeBytes, media, settings);
  const assetId = newUlid();
  const isLinked = await insertFileReference(database, { id: assetId, fileId: parseFileId(file.id) ?? '', ownerId });
  if (!isLinked) throw fileNotFound(file.id, media.param);
  return { assetId, kind: media.kind, contentType, sizeBytes };
}

/** From here, never through an account's proxy: whose address it is must not be seen from there, nor ours from here. */
async function fetchMedia(
  { fetchAllow }: StoreReferencesParts,
  url: string,
  { kind, param }: Pick<GivenMedia, 'kind' | 'param'>,
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
