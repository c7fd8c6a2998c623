import { parseFileId } from '@reelay/contracts/file-ids';
import type { Database } from '@reelay/db/client';
import { findFile, type StoredFile } from '@reelay/db/files/find-file';
import { fileNotFound } from '../references/resolve-files.js';

/** @throws AppError `not_found`, for another owner's file as for one that never was */
export async function getFile(database: Database, ownerId: string, publicId: string): Promise<StoredFile> {
  const id = parseFileId(publicId);
  const file = id === undefined ? undefined : await findFile(database, { id, ownerId });
  if (file) return file;
  throw fileNotFound(publicId, 'file_id');
}
