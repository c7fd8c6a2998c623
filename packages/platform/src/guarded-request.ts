/**
 * One request to an address that a user chose, sent from here and never through an account's proxy: for webhooks. It follows no redirect,
 * and of the answer it reads no more than the first bytes.
 */
import type { Readable } from 'node:stream';
import type { Client, Dispatcher } from 'undici';
import { Deadline } from './deadline.js';
import { connectToTarget, GuardError, type GuardRules, parseTarget } from './guarded-target.js';

export interface GuardedRequestOptions extends GuardRules {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** `host` and everything about the connection is set here; `user-agent` unless it is given. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Bytes of the answer that are kept; what follows is not read. */
  readonly mostAnswerBytes: number;
  /** For everything together: names, connection and the last byte that is read. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface GuardedAnswer {
  /** Any: a redirect and a failure are answers too. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Whether more would have followed: beyond what is kept, or beyond where the server broke off or became too slow. */
  readonly isCut: boolean;
}

const TIMEOUT_MS = 15_000;

/**
 * With the head of the answer it is an answer: who sent it has taken the request, however the rest of it ends.
 * @throws GuardError, or the signal's reason
 */
export async function guardedRequest(options: GuardedRequestOptions): Promise<GuardedAnswer> {
  const { timeoutMs = TIMEOUT_MS } = options;
  const deadline = new Deadline({ timeoutMs, signals: [options.signal] });
  const { signal } = deadline;
  let client: Client | undefined;
  try {
    const url = parseTarget(options.url);
    // So little is read that one limit for everything is enough.
    client = await connectToTarget(url, { idleTimeoutMs: timeoutMs, ...options }, signal);
    const answer = await send(client, url, options, signal);
    const { body, isCut } = await readStart(answer.body, options.mostAnswerBytes);
    options.signal?.throwIfAborted();
    return { status: answer.statusCode, headers: answer.headers, body, isCut };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (deadline.isOver) throw new GuardError('timeout', 'The server took too long to answer.', { cause: error });
    throw error;
  } finally {
    deadline.clear();
    client?.destroy().catch(() => {});
  }
}

async function send(
  client: Client,
  url: URL,
  { method, headers, body }: GuardedRequestOptions,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  try {
    const answer = await client.request({
      method,
      path: `${url.pathname}${url.search}`,
      headers: { 'user-agent': 'reelay', 'accept-encoding': 'identity', ...headers },
      body: body ?? null,
      signal,
    });
    answer.body.on('error', () => {});
    return answer;
  } catch (error) {
    throw new GuardError('no_answer', 'The server does not answer; check that the URL can be opened from outside.', {
      cause: error,
    });
  }
}

async function readStart(body: Readable, mostBytes: number): Promise<{ body: Buffer; isCut: boolean }> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let isBroken = false;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.byteLength;
      chunks.push(chunk);
      if (sizeBytes > mostBytes) break;
    }
  } catch {
    isBroken = true;
  }
  return { body: Buffer.concat(chunks).subarray(0, mostBytes), isCut: isBroken || sizeBytes > mostBytes };
}
