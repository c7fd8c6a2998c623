/** A file that a client uploads to name it in requests: checked as a reference is, and kept under its owner's quota. */
import { AppError } from '@reelay/contracts/errors';
import type { CreateFile } from '@reelay/contracts/openai/files';
import { StoredUpload } from '@reelay/contracts/request/stored-upload';
import { createFile, type FileCreation } from '@reelay/db/files/create-file';
import type { StoredFile } from '@reelay/db/files/find-file';
import { newUlid } from '@reelay/platform/ulid';
import type { GatewayParts } from '../gateway-parts.js';
import { checkUpload } from '../references/check-upload.js';

export type UploadFileParts = Pick<GatewayParts, 'database' | 'storage' | 'budget' | 'settings'>;

/** @throws AppError `invalid_reference`, `file_quota_exceeded`, `invalid_request` */
export async function uploadFile(
  parts: UploadFileParts,
  ownerId: string,
  { file, purpose, expires_after: expiresAfter }: CreateFile,
): Promise<StoredFile> {
  const { bytes: upload } = file;
  if (!(upload instanceof StoredUpload)) throw new Error('The file of a form is not in the store');
  const settings = await parts.settings.read();
  const { contentType, width, height } = await checkUpload(parts, { upload, param: 'file', settings });
  const creation = await createFile(parts.database, {
    ...{ id: newUlid(), ownerId, name: storableName(file.fileName), purpose },
    ...(expiresAfter ? { expiresAfterSeconds: expiresAfter.seconds } : {}),
    upload: { ...upload, contentType, ...(width === undefined || height === undefined ? {} : { width, height }) },
    limits: { mostBytes: settings['files.ownerBytes'], mostFiles: settings['files.ownerFiles'] },
  });
  if (creation.outcome === 'created') return creation.file;
  throw refusalOf(creation, upload.sizeBytes, settings['files.ownerBytes']);
}

const longestName = 255;

/** As the client wrote it, as far as it can be stored and shown. */
function storableName(given: string): string {
  const name = given
    .toWellFormed()
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(-longestName);
  return name === '' ? 'upload' : name.toWellFormed();
}

function refusalOf(
  creation: Exclude<FileCreation, { outcome: 'created' }>,
  sizeBytes: number,
  mostBytes: number,
): AppError {
  switch (creation.outcome) {
    case 'bytes_exceeded': {
      const [used, added, most] = [creation.usedBytes, sizeBytes, mostBytes].map((bytes) => mebibytes(bytes));
      const message = `Your files take ${used} of ${most} MiB, and this one has ${added}: delete some first.`;
      return new AppError('file_quota_exceeded', message, { param: 'file' });
    }
    case 'files_exceeded':
      return new AppError('file_quota_exceeded', 'You have as many files as you may: delete some first.', {
        param: 'file',
      });
    case 'abandoned':
      return new AppError('invalid_request', 'The connection was closed before the file was accepted.');
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil((bytes / 1024 / 1024) * 100) / 100;
}
