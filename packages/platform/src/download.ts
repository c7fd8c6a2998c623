import type { Readable } from 'node:stream';
import { TransportError } from '@reelay/contracts/upstream-error';
import { request } from 'undici';
import { ConnectError } from './connect-error.js';
import { Deadline } from './deadline.js';
import type { Route } from './http-client.js';
import { plainHeaders } from './http-exchange.js';

export interface DownloadOptions {
  readonly route: Route;
  readonly url: string;
  /** `host`, `host:port` or `*.example.com`; asked again for every redirect. */
  readonly allowedHosts: readonly string[];
  readonly maximumBytes: number;
  /** Longest silence, before the headers and between two chunks, and longest wait of a body for its reader. */
  readonly idleTimeoutMs?: number;
  /** For everything together, the last byte included. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Download {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Fails when it is cut short, larger or slower than allowed, or not begun to be read in time: its connection is not held for ever. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** More than was asked for will never become less: unlike a failed way to them, it is no use to try these media again. */
export class MediaTooLarge extends TransportError {
  constructor(maximumBytes: number) {
    super(`the media are larger than ${maximumBytes} bytes`, { sent: true, phase: 'response' });
    this.name = 'MediaTooLarge';
  }
}

const IDLE_TIMEOUT_MS = 30_000;
/** A gigabyte at a megabyte a second. */
const TIMEOUT_MS = 20 * 60_000;
const MOST_REDIRECTS = 3;

/** Streams media from an upstream's allowed hosts. Any final status is an answer. @throws TransportError */
export async function download(options: DownloadOptions): Promise<Download> {
  const deadline = new Deadline({ timeoutMs: options.timeoutMs ?? TIMEOUT_MS, signals: [options.signal] });
  try {
    const { answer, body } = await follow({ ...options, signal: deadline.signal });
    answer.body.once('close', () => deadline.clear());
    return { status: answer.statusCode, headers: plainHeaders(answer.headers), body };
  } catch (error) {
    deadline.clear();
    throw error;
  }
}

async function follow(options: DownloadOptions) {
  let url = readUrl(options.url);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    if (!isHostAllowed(url, options.allowedHosts)) {
      throw new TransportError(`media may not be fetched from ${url.host}`, { sent: false, phase: 'connect' });
    }
    const answer = await get(url, options);
    const location = answer.headers.location;
    if (![301, 302, 303, 307, 308].includes(answer.statusCode) || typeof location !== 'string') {
      return { answer, body: limited(answer.body, options) };
    }
    answer.body.on('error', () => {}).destroy();
    url = readUrl(location, url);
  }
  throw new TransportError(`more than ${MOST_REDIRECTS} redirects`, { sent: true, phase: 'response' });
}

/** Not quoted: what is wrong with it may be the very part that is signed. */
function readUrl(text: string, base?: URL): URL {
  if (URL.canParse(text, base?.href)) return new URL(text, base);
  throw new TransportError('the address of the media cannot be read', { sent: base !== undefined, phase: 'connect' });
}

export function isHostAllowed(url: URL, allowedHosts: readonly string[]): boolean {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return false;
  return allowedHosts.some((allowed) =>
    allowed.startsWith('*.')
      ? url.protocol === 'https:' && url.hostname.endsWith(allowed.slice(1))
      : url.host === allowed || url.hostname === allowed,
  );
}

async function get(url: URL, options: DownloadOptions) {
  const idleTimeoutMs = options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
  try {
    return await request(url, {
      dispatcher: options.route.agent,
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      signal: options.signal,
    });
  } catch (cause) {
    const hop = cause instanceof ConnectError ? cause.hop : 'upstream';
    throw new TransportError((cause as Error).message, { sent: true, phase: 'response', hop, cause });
  }
}

function limited(body: Readable, options: DownloadOptions): AsyncIterable<Uint8Array> {
  body.on('error', () => {});
  const unread = setTimeout(() => body.destroy(), options.idleTimeoutMs ?? IDLE_TIMEOUT_MS).unref();
  return read(body, options.maximumBytes, () => clearTimeout(unread));
}

async function* read(body: Readable, maximumBytes: number, onBegin: () => void): AsyncGenerator<Uint8Array> {
  onBegin();
  let sizeBytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maximumBytes) throw new MediaTooLarge(maximumBytes);
      yield chunk;
    }
  } catch (cause) {
    body.destroy();
    if (cause instanceof MediaTooLarge) throw cause;
    throw new TransportError((cause as Error).message, { sent: true, phase: 'response', cause });
  }
}
