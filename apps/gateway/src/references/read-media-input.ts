/** What a client's field of media holds: bytes, the address of some, or the name of a file. */
import { createHash } from 'node:crypto';
import { AppError } from '@reelay/contracts/errors';
import { LongText } from '@reelay/contracts/request/long-text';
import type { MediaInput } from '@reelay/contracts/request/request-input';
import { FileId, StoredUpload } from '@reelay/contracts/request/stored-upload';
import { decodeBase64 } from './decode-base64.js';

export type GivenMedia = Pick<MediaInput, 'kind' | 'param'> & {
  /** Equal ones are the same reference: the address, or the digest of the bytes however they were written. */
  identity: string;
} & GivenSource;

type GivenSource =
  | { from: 'bytes'; bytes: Uint8Array }
  | { from: 'url'; url: string }
  | { from: 'upload'; upload: StoredUpload }
  | { from: 'file'; file: FoundFile };

export interface FoundFile {
  /** Its public id. */
  id: string;
  contentType: string;
  sizeBytes: number;
}

/** @throws AppError `invalid_reference` */
export async function readMediaInput({ kind, source, param }: MediaInput): Promise<GivenMedia> {
  const of = { kind, param };
  if (source instanceof StoredUpload) {
    if (source.sizeBytes === 0) throw empty(of);
    return { ...of, from: 'upload', upload: source, identity: `sha256:${source.sha256}` };
  }
  if (source instanceof FileId) return ofFile(of, source);
  if (source instanceof Uint8Array) return withBytes(of, source, createHash('sha256').update(source).digest('hex'));
  if (typeof source === 'string' && /^\s*https?:/i.test(source)) {
    const url = source.trim();
    return { ...of, from: 'url', url, identity: url };
  }
  const decoded = await decodeBase64(source, startOfPayload(source, of));
  if (decoded) return withBytes(of, decoded.bytes, decoded.sha256);
  throw invalid(
    `The ${kind} cannot be read: send an http(s) address, a data URI or base64. What was sent is neither an address nor valid base64.`,
    param,
  );
}

/** `data:image/png;base64,AAAA`; what type it calls itself is nobody's concern. */
function startOfPayload(source: string | LongText, { kind, param }: Pick<MediaInput, 'kind' | 'param'>): number {
  const start = source instanceof LongText ? source.start(longestHead) : source.slice(0, longestHead);
  const head = /^\s*data:[^,]*,/i.exec(start)?.[0];
  if (head === undefined) return 0;
  if (/;\s*base64\s*,$/i.test(head)) return head.length;
  throw invalid(`The data URI of the ${kind} is not base64: write it as data:<type>;base64,<data>.`, param);
}

const longestHead = 300;

function withBytes(of: Pick<MediaInput, 'kind' | 'param'>, bytes: Uint8Array, sha256: string): GivenMedia {
  if (bytes.byteLength === 0) throw empty(of);
  return { ...of, from: 'bytes', bytes, identity: `sha256:${sha256}` };
}

function ofFile(of: Pick<MediaInput, 'kind' | 'param'>, { id, found }: FileId): GivenMedia {
  if (!found) throw new Error('A file was not looked up (resolveFiles) before it is read');
  const { contentType, sizeBytes, sha256 } = found;
  return { ...of, from: 'file', file: { id, contentType, sizeBytes }, identity: `sha256:${sha256}` };
}

function empty({ kind, param }: Pick<MediaInput, 'kind' | 'param'>): AppError {
  return invalid(`The ${kind} is empty: send its bytes.`, param);
}

function invalid(message: string, param: string): AppError {
  return new AppError('invalid_reference', message, { param });
}
