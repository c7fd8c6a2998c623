import { publicFileId } from '@reelay/contracts/file-ids';
import type { FileObject } from '@reelay/contracts/openai/files';
import type { StoredFile } from '@reelay/db/files/find-file';

export function fileObjectOf(file: StoredFile): FileObject {
  const { id, sizeBytes, createdAt, expiresAt, name, purpose } = file;
  return {
    id: publicFileId(id),
    object: 'file',
    bytes: sizeBytes,
    created_at: toSeconds(createdAt),
    ...(expiresAt ? { expires_at: toSeconds(expiresAt) } : {}),
    filename: name,
    purpose,
    status: 'processed',
  };
}

function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
