import { createHash } from 'node:crypto';
import type { Account } from '../accounts/account.js';
import type { FilePart } from '../http/multipart.js';
import { timedId } from '../identifiers.js';
import type { Caller } from '../tasks/task.js';
import type { World } from '../world.js';
import type { FileFacts } from './inspect-file.js';
import type { Upload, UploadPurpose } from './upload.js';

export interface Received {
  readonly account: Account;
  readonly purpose: UploadPurpose;
  readonly file: FilePart;
  readonly facts: FileFacts;
  readonly fields: Readonly<Record<string, string>>;
  readonly caller: Caller;
}

const prefixes: Readonly<Record<UploadPurpose, string>> = {
  image: 'media',
  profile: 'sediment://file',
  character_video: 'video',
};

/** Notes an upload, so that its id is good from now on. */
export function keepUpload(world: World, { account, purpose, file, facts, fields, caller }: Received): Upload {
  const createdAt = world.now();
  return world.uploads.put({
    ...caller,
    id: timedId(prefixes[purpose], createdAt, world.source.bytes('upload')),
    purpose,
    account: account.email,
    createdAt,
    fileName: file.fileName,
    ...facts,
    declaredType: file.contentType,
    sizeBytes: file.content.length,
    sha256: createHash('sha256').update(file.content).digest('hex'),
    fields,
  });
}
