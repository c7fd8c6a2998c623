/** Files that a request names by their ids: looked up among its owner's before anything else is made of the request. */
import { AppError } from '@reelay/contracts/errors';
import { parseFileId } from '@reelay/contracts/file-ids';
import type { MediaInput, RequestInput } from '@reelay/contracts/request/request-input';
import { FileId } from '@reelay/contracts/request/stored-upload';
import type { Database } from '@reelay/db/client';
import { findFile } from '@reelay/db/files/find-file';
import { wrongKind } from './check-reference.js';

/** @throws AppError `not_found`, for another owner's file as for one that never was; `invalid_reference` */
export async function resolveFiles(database: Database, ownerId: string, input: RequestInput): Promise<RequestInput> {
  if (!input.media.some(({ source }) => source instanceof FileId)) return input;
  const media: MediaInput[] = [];
  for (const each of input.media) media.push(await resolveFile(database, ownerId, each));
  return { ...input, media };
}

async function resolveFile(database: Database, ownerId: string, media: MediaInput): Promise<MediaInput> {
  const { source, kind: asked, param } = media;
  if (!(source instanceof FileId)) return media;
  const id = parseFileId(source.id);
  const found = id === undefined ? undefined : await findFile(database, { id, ownerId });
  if (!found) throw fileNotFound(source.id, param);
  const kind = found.contentType.startsWith('video/') ? 'video' : 'image';
  if (kind !== asked && source.mayBe === 'asked') throw wrongKind(found.contentType, media);
  return { kind, source: new FileId(source.id, source.mayBe, found), param };
}

export function fileNotFound(id: string, param: string): AppError {
  return new AppError('not_found', `No file with the id "${id.slice(0, 80)}" belongs to this key.`, { param });
}
