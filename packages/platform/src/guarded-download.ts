/**
 * Fetches what a user's URL names, from here and never through an account's proxy. The URL is a stranger's word: it must not reach
 * anything inside, whatever its spelling, its DNS answers or its redirects, and no error tells what lies there.
 */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { AppError } from '@reelay/contracts/errors';
import { Client, type Dispatcher } from 'undici';
import { isPublicAddress } from './public-address.js';

export interface GuardedDownloadOptions {
  readonly url: string;
  /** The request's field that the URL came from; every error names it. */
  readonly param: string;
  readonly maximumBytes: number;
  /** `host:port` of private places that may be reached all the same (FETCH_ALLOW); an IPv6 address in brackets. */
  readonly allow?: readonly string[];
  /** For everything together: names, connections, redirects and the last byte. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** All addresses of a name; another one only in tests. */
  readonly resolve?: Resolve;
}

export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface GuardedDownload {
  readonly bytes: Buffer;
  /** What the server says it is; look at the bytes instead. */
  readonly contentType: string | undefined;
}

const TIMEOUT_MS = 15_000;
const MOST_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** @throws AppError `invalid_value`, or the signal's reason */
export async function guardedDownload(options: GuardedDownloadOptions): Promise<GuardedDownload> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  try {
    return await follow(options, signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (timeout.aborted) throw refusal(options, 'The server behind this URL took too long; try a faster one.', error);
    throw error;
  }
}

async function follow(options: GuardedDownloadOptions, signal: AbortSignal): Promise<GuardedDownload> {
  let url = readUrl(options, options.url);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const client = openClient(url, await findAddresses(options, url, signal));
    try {
      const answer = await get(options, client, url, signal);
      const { location } = answer.headers;
      if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string') return await read(options, answer);
      url = readUrl(options, location, url.href);
    } finally {
      client.destroy().catch(() => {});
    }
  }
  throw refusal(options, `This URL redirects more than ${MOST_REDIRECTS} times; give the one it leads to.`);
}

function readUrl(options: GuardedDownloadOptions, text: string, base?: string): URL {
  if (!URL.canParse(text, base)) throw refusal(options, 'This is not a URL; write it as https://host/path.');
  const url = new URL(text, base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refusal(options, 'Only http and https URLs can be fetched; send other files as a data URI.');
  }
  if (url.username !== '' || url.password !== '') {
    throw refusal(options, 'A URL with a user or password in it is not fetched; give one that needs none.');
  }
  return url;
}

/** Every address that the connection may use. One bad one spoils all: which of them is used would be left to chance. */
async function findAddresses(options: GuardedDownloadOptions, url: URL, signal: AbortSignal): Promise<string[]> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(hostname) === 0 ? await resolveName(options, hostname, signal) : [hostname];
  const isAllowed = options.allow?.some((place) => place.toLowerCase() === `${url.hostname}:${portOf(url)}`);
  // A name that is unknown here and one that leads inside get the same answer, or the names inside could be found out.
  if (addresses.length === 0 || (!isAllowed && !addresses.every(isPublicAddress))) {
    throw refusal(options, 'This URL does not lead to a public server; give one that anybody can open, or a data URI.');
  }
  return addresses;
}

async function resolveName(options: GuardedDownloadOptions, name: string, signal: AbortSignal): Promise<string[]> {
  const { resolve = resolveAll } = options;
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const resolved = resolve(name).then(
    (addresses) => [...addresses],
    () => [],
  );
  return Promise.race([resolved, aborted]);
}

async function resolveAll(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

/** Connects to the addresses that were checked and asks nobody again; Host, SNI and certificate stay those of the URL. */
function openClient(url: URL, addresses: readonly string[]): Client {
  const pinned = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookupPinned: LookupFunction = (_hostname, { all }, callback) => {
    if (all) callback(null, pinned);
    else callback(null, pinned[0]?.address ?? '', pinned[0]?.family);
  };
  return new Client(url.origin, { allowH2: false, connect: { lookup: lookupPinned, timeout: TIMEOUT_MS } });
}

async function get(
  options: GuardedDownloadOptions,
  client: Client,
  url: URL,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  try {
    const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'reelay' };
    const answer = await client.request({ method: 'GET', path: `${url.pathname}${url.search}`, headers, signal });
    answer.body.on('error', () => {});
    return answer;
  } catch (error) {
    throw refusal(options, 'The server behind this URL does not answer; check that it can be opened.', error);
  }
}

async function read(options: GuardedDownloadOptions, answer: Dispatcher.ResponseData): Promise<GuardedDownload> {
  const { statusCode, headers, body } = answer;
  if (statusCode !== 200) {
    throw refusal(options, `The server behind this URL answers ${statusCode}; give one that anybody can open.`);
  }
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw refusal(options, 'The server behind this URL sends it compressed though asked not to; give another one.');
  }
  const contentType = headers['content-type'];
  return {
    bytes: await readAll(options, body, Number(headers['content-length'] ?? 0)),
    contentType: typeof contentType === 'string' ? contentType : undefined,
  };
}

async function readAll(options: GuardedDownloadOptions, body: Readable, announced: number): Promise<Buffer> {
  const tooLarge = `What this URL names is larger than ${options.maximumBytes} bytes; give a smaller file.`;
  if (announced > options.maximumBytes) throw refusal(options, tooLarge);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > options.maximumBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw refusal(options, 'The server behind this URL broke off in the middle; try again.', error);
  }
  if (sizeBytes > options.maximumBytes) throw refusal(options, tooLarge);
  return Buffer.concat(chunks);
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

function refusal({ param }: GuardedDownloadOptions, message: string, cause?: unknown): AppError {
  return new AppError('invalid_value', message, cause === undefined ? { param } : { param, cause });
}
