/** One finished medium from the upstream into our store: through the account's proxy, from allowed hosts only, looked at before it counts. */
import type { MediaSource } from '@reelay/contracts/provider';
import type { StoredResult } from '@reelay/db/assets/insert-results';
import { crashPoint } from '@reelay/platform/crash-point';
import { type Download, download } from '@reelay/platform/download';
import { probeImage } from '@reelay/platform/probe-image';
import { newUlid } from '@reelay/platform/ulid';
import type { Account } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';
import { type MediaForm, mediaForms, recognise } from './media-forms.js';
import { peek } from './peek.js';
import { probeMp4, type VideoFacts } from './probe-mp4.js';

export interface FetchMedia {
  account: Account;
  generationId: string;
  source: MediaSource;
  ordinal: number;
  signal: AbortSignal;
  /** Asked before anything is written: false when its generation has ended. From then on the file is found whatever crashes. */
  mayStore: (storageKey: string) => Promise<boolean>;
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

/** What came is not what the upstream said it would be, or not in a form that we deliver. */
export class WrongMedia extends Error {
  override readonly name = 'WrongMedia';
}

/** Minutes of HD video stay far below. Pictures are looked at whole, in memory. */
const maximumBytes = { video: 1024 * 1024 * 1024, image: 64 * 1024 * 1024 };

/** Where a result may lie, whatever its form turned out to be. */
export function resultKeys(generationId: string, ordinal: number): string[] {
  return mediaForms.map((form) => resultKey(generationId, ordinal, form));
}

function resultKey(generationId: string, ordinal: number, { extension }: MediaForm): string {
  return `results/${generationId}/${ordinal}.${extension}`;
}

/** @throws AddressRefused, MediaTooLarge, NoLongerWanted, WrongMedia, NotAVideo, TransportError; nothing is stored then. */
export async function fetchMedia(parts: WorkerParts, fetch: FetchMedia): Promise<StoredResult> {
  const { account, generationId, ordinal, signal, source } = fetch;
  const { status, headers, body } = await download({
    route: parts.http.route(account.credential.proxyUrl ?? undefined),
    url: source.url,
    allowedHosts: account.target.mediaHosts,
    maximumBytes: maximumBytes[source.kind],
    signal,
  });
  if (status !== 200) {
    await discard(body);
    if (status === 403 || status === 404 || status === 410) throw new AddressRefused(`the address answered ${status}`);
    throw new Error(`the media address answered ${status}`);
  }
  const { start, whole } = await peek(body);
  const form = recognise(start);
  if (form?.kind !== source.kind) {
    await discard(whole);
    throw new WrongMedia(`what the address delivers is ${form ? `${article(form.kind)}` : 'no known medium'}`);
  }
  const storageKey = resultKey(generationId, ordinal, form);
  if (!(await fetch.mayStore(storageKey))) {
    await discard(whole);
    throw new NoLongerWanted();
  }
  const checked = complete(whole, Number(headers['content-length']), fetch);
  const { contentType } = form;
  const stored = await (form.kind === 'image' ? storeImage : storeVideo)(parts, storageKey, checked);
  return { assetId: newUlid(), ordinal, storageKey, contentType, ...stored };
}

type Facts = Pick<StoredResult, 'sizeBytes' | 'sha256'> & Partial<VideoFacts>;

/** As it comes: a video is too large to be held. Its header, which may stand at the end, is read from the store. */
async function storeVideo(
  { storage }: WorkerParts,
  storageKey: string,
  body: AsyncIterable<Uint8Array>,
): Promise<Facts> {
  const stored = await storage.put(storageKey, body);
  const read = async (start: number, length: number) =>
    collect(await storage.open(storageKey, { start, end: start + length - 1 }));
  return { ...stored, ...(await probeMp4(read, stored.sizeBytes)) };
}

async function storeImage(
  { storage }: WorkerParts,
  storageKey: string,
  body: AsyncIterable<Uint8Array>,
): Promise<Facts> {
  const bytes = await collect(body);
  const size = probeImage(bytes);
  if (!size) throw new WrongMedia('the picture has no complete header');
  return { ...(await storage.put(storageKey, once(bytes))), ...size };
}

/** How often it is asked, while bytes come in, whether anybody still wants them: a cancelled video need not be fetched to its end. */
const askEveryMs = 2_000;

/** Passes the bytes on; throws, so that the store keeps nothing, when they are not all there or nobody wants them any more. */
async function* complete(
  body: AsyncIterable<Uint8Array>,
  expectedBytes: number,
  { isStillWanted }: FetchMedia,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  let askedAt = performance.now();
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (performance.now() - askedAt >= askEveryMs) {
      // That it cannot be asked just now does not end a download; it is asked again.
      if (!(await isStillWanted().catch(() => true))) throw new NoLongerWanted();
      askedAt = performance.now();
    }
    yield chunk;
  }
  if (Number.isFinite(expectedBytes) && sizeBytes !== expectedBytes) throw new Error('the media were cut short');
  crashPoint('finish.after-download');
  if (!(await isStillWanted())) throw new NoLongerWanted();
}

async function collect(body: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function discard(body: Download['body']): Promise<void> {
  try {
    for await (const _chunk of body) break;
  } catch {
    // It is not wanted anyway.
  }
}

function article(kind: MediaForm['kind']): string {
  return kind === 'image' ? 'a picture' : 'a video';
}
