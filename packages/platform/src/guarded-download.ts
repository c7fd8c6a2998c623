/** Fetches what a user's URL names, from here and never through an account's proxy; every redirect is checked like the first address. */
import type { Readable } from 'node:stream';
import { AppError } from '@reelay/contracts/errors';
import type { Client, Dispatcher } from 'undici';
import { Deadline } from './deadline.js';
import { connectToTarget, GuardError, type GuardRules, parseTarget } from './guarded-target.js';

export interface GuardedDownloadOptions extends GuardRules {
  readonly url: string;
  /** The request's field that the URL came from; every error names it. */
  readonly param: string;
  readonly maximumBytes: number;
  /** For everything together: names, connections, redirects and the last byte. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

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
  const deadline = new Deadline({ timeoutMs: options.timeoutMs ?? TIMEOUT_MS, signals: [options.signal] });
  try {
    return await follow(options, deadline.signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (deadline.isOver) throw refusal(options, 'The server behind this URL took too long; try a faster one.', error);
    if (error instanceof GuardError) throw refusal(options, error.message, error.cause);
    throw error;
  } finally {
    deadline.clear();
  }
}

async function follow(options: GuardedDownloadOptions, signal: AbortSignal): Promise<GuardedDownload> {
  let url = parseTarget(options.url);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const client = await connectToTarget(url, options, signal);
    try {
      const answer = await get(options, client, url, signal);
      const { location } = answer.headers;
      if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string') return await read(options, answer);
      url = parseTarget(location, url.href);
    } finally {
      client.destroy().catch(() => {});
    }
  }
  throw refusal(options, `This URL redirects more than ${MOST_REDIRECTS} times; give the one it leads to.`);
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

function refusal({ param }: GuardedDownloadOptions, message: string, cause?: unknown): AppError {
  return new AppError('invalid_value', message, cause === undefined ? { param } : { param, cause });
}
