/** One finished medium from the upstream into our store: through the account's proxy, from allowed hosts only, looked at before it counts. */
import type { MediaSource } from '@reelay/contracts/provider';
import type { StoredResult } from '@reelay/db/assets/insert-results';
import { crashPoint } from '@reelay/platform/crash-point';
import { download } from '@reelay/platform/download';
import { newUlid } from '@reelay/platform/ulid';
import type { Account } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';
import { looksLikeMp4, NotAVideo, probeMp4 } from './probe-mp4.js';

export interface FetchMedia {
  account: Account;
  generationId: string;
  source: MediaSource;
  ordinal: number;
  signal: AbortSignal;
  /** Asked when everything is here and before it replaces what is stored: another worker may have finished meanwhile. */
  isStillWanted: () => Promise<boolean>;
}

/** The address is not good (any more); fresh ones may be. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** Somebody else has finished or ended the generation. */
export class NoLongerWanted extends Error {
  override readonly name = 'NoLongerWanted';
}

/** Minutes of HD video stay far below. */
const maximumBytes = 1024 * 1024 * 1024;
const contentType = 'video/mp4';

export function resultKey(generationId: string, ordinal: number): string {
  return `results/${generationId}/${ordinal}.mp4`;
}

/** @throws AddressRefused, NoLongerWanted, NotAVideo, TransportError; nothing is stored then. */
export async function fetchMedia(parts: WorkerParts, fetch: FetchMedia): Promise<StoredResult> {
  const { account, generationId, ordinal, signal, source } = fetch;
  const { status, headers, body } = await download({
    route: parts.http.route(account.credential.proxyUrl ?? undefined),
    url: source.url,
    allowedHosts: account.target.mediaHosts,
    maximumBytes,
    signal,
  });
  if (status !== 200) {
    await discard(body);
    if (status === 403 || status === 404 || status === 410) throw new AddressRefused(`the address answered ${status}`);
    throw new Error(`the media address answered ${status}`);
  }
  const storageKey = resultKey(generationId, ordinal);
  const stored = await parts.storage.put(storageKey, inspected(body, Number(headers['content-length']), fetch));
  const read = async (start: number, length: number) => {
    const chunks: Buffer[] = [];
    for await (const chunk of await parts.storage.open(storageKey, { start, end: start + length - 1 })) {
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks);
  };
  const facts = await probeMp4(read, stored.sizeBytes);
  return { assetId: newUlid(), ordinal, storageKey, contentType, ...stored, ...facts };
}

/** Passes the bytes on; throws, so that the store keeps nothing, when they are not a whole video or nobody wants them any more. */
async function* inspected(
  body: AsyncIterable<Uint8Array>,
  expectedBytes: number,
  { isStillWanted }: FetchMedia,
): AsyncGenerator<Uint8Array> {
  let start = Buffer.alloc(0);
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (start.length < 12) {
      start = Buffer.concat([start, chunk]);
      if (start.length < 12) continue;
      if (!looksLikeMp4(start)) throw new NotAVideo('what the address delivers is no MP4');
      yield start;
    } else yield chunk;
  }
  if (start.length < 12) throw new NotAVideo('what the address delivers is empty');
  if (Number.isFinite(expectedBytes) && sizeBytes !== expectedBytes) throw new Error('the media were cut short');
  crashPoint('finish.after-download');
  if (!(await isStillWanted())) throw new NoLongerWanted();
}

async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const _chunk of body) break;
  } catch {
    // It is not wanted anyway.
  }
}
