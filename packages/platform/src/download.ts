import type { Readable } from 'node:stream';
import { TransportError } from '@reelay/contracts/upstream-error';
import { request } from 'undici';
import { ConnectError } from './connect-error.js';
import type { Route } from './http-client.js';
import { plainHeaders } from './http-exchange.js';

export interface DownloadOptions {
  readonly route: Route;
  readonly url: string;
  /** `host`, `host:port` or `*.example.com`; asked again for every redirect. */
  readonly allowedHosts: readonly string[];
  readonly maximumBytes: number;
  /** Longest silence, before the headers and between two chunks. */
  readonly idleTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Download {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Must be read to the end or destroyed. Fails when it is cut short or larger than allowed. */
  readonly body: AsyncIterable<Uint8Array>;
}

const IDLE_TIMEOUT_MS = 30_000;
const MOST_REDIRECTS = 3;

/** Streams media from an upstream's allowed hosts. Any final status is an answer. @throws TransportError */
export async function download(options: DownloadOptions): Promise<Download> {
  let url = new URL(options.url);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    if (!isHostAllowed(url, options.allowedHosts)) {
      throw new TransportError(`media may not be fetched from ${url.host}`, { sent: false, phase: 'connect' });
    }
    const answer = await get(url, options);
    const location = answer.headers.location;
    if (![301, 302, 303, 307, 308].includes(answer.statusCode) || typeof location !== 'string') {
      return {
        status: answer.statusCode,
        headers: plainHeaders(answer.headers),
        body: limited(answer.body, options.maximumBytes),
      };
    }
    answer.body.on('error', () => {}).destroy();
    url = new URL(location, url);
  }
  throw new TransportError(`more than ${MOST_REDIRECTS} redirects`, { sent: true, phase: 'response' });
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

async function* limited(body: Readable, maximumBytes: number): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maximumBytes) throw new Error(`the media are larger than ${maximumBytes} bytes`);
      yield chunk;
    }
  } catch (cause) {
    body.destroy();
    throw new TransportError((cause as Error).message, { sent: true, phase: 'response', cause });
  }
}
