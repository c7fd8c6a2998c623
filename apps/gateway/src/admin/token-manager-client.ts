/** The token-manager's internal API, as far as the admin routes pass it on. Its answers hold no secret. */
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { AppError, isErrorCode } from '@reelay/contracts/errors';
import { toStorableText } from '@reelay/contracts/storable-text';
import { z } from 'zod';

export interface TokenManagerClientOptions {
  url: string;
  internalKey: string;
}

/** Adding an account asks its upstream several things. */
const timeoutMs = 60_000;
/** Asking about an account may mean renewing its credential both ways in between. */
const slowTimeoutMs = 120_000;
/** As long as the gateway itself waits for a request to come in. */
const importTimeoutMs = 310_000;
const failureSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), param: z.string().nullish() }),
});

export class TokenManagerClient {
  readonly #options: TokenManagerClientOptions;

  constructor(options: TokenManagerClientOptions) {
    this.#options = options;
  }

  list(query: string): Promise<unknown> {
    return this.#request('GET', `/internal/tokens${query}`);
  }

  count(): Promise<unknown> {
    return this.#request('GET', '/internal/token-counts');
  }

  show(id: string): Promise<unknown> {
    return this.#request('GET', pathOf(id));
  }

  change(id: string, change: object): Promise<unknown> {
    return this.#request('PATCH', pathOf(id), change);
  }

  test(id: string): Promise<unknown> {
    return this.#request('POST', `${pathOf(id)}/test`, undefined, slowTimeoutMs);
  }

  refresh(id: string): Promise<unknown> {
    return this.#request('POST', `${pathOf(id)}/refresh`, undefined, slowTimeoutMs);
  }

  add(token: object): Promise<unknown> {
    return this.#request('POST', '/internal/tokens', token);
  }

  remove(id: string): Promise<unknown> {
    return this.#request('DELETE', pathOf(id));
  }

  listEvents(id: string, query: string): Promise<unknown> {
    return this.#request('GET', `${pathOf(id)}/events${query}`);
  }

  disable(id: string, body: object): Promise<unknown> {
    return this.#request('POST', `${pathOf(id)}/disable`, body);
  }

  enable(id: string): Promise<unknown> {
    return this.#request('POST', `${pathOf(id)}/enable`);
  }

  showProxies(): Promise<unknown> {
    return this.#request('GET', '/internal/proxies');
  }

  changeProxies(change: object): Promise<unknown> {
    return this.#request('PUT', '/internal/proxies', change);
  }

  createBatch(batch: object): Promise<unknown> {
    return this.#request('POST', '/internal/batches', batch);
  }

  listBatches(query: string): Promise<unknown> {
    return this.#request('GET', `/internal/batches${query}`);
  }

  showBatch(id: string, query: string): Promise<unknown> {
    return this.#request('GET', `/internal/batches/${segmentOf(id)}${query}`);
  }

  cancelBatch(id: string): Promise<unknown> {
    return this.#request('POST', `/internal/batches/${segmentOf(id)}/cancel`);
  }

  /** Passes a file of accounts on as it comes in. */
  async importAccounts(file: AsyncIterable<Uint8Array>, query: string): Promise<unknown> {
    const upload = new Watched(file);
    try {
      const response = await this.#send('POST', `/internal/imports${query}`, {
        headers: { 'content-type': 'application/octet-stream' },
        body: Readable.toWeb(Readable.from(upload, { objectMode: false })) as ReadableStream<Uint8Array>,
        duplex: 'half',
        signal: AbortSignal.timeout(importTimeoutMs),
      });
      return await this.#read(response);
    } catch (error) {
      throw upload.failure ?? error;
    }
  }

  /** The file of all accounts, to be passed on as it comes. */
  async exportAccounts({ withSecrets }: { withSecrets: boolean }): Promise<Readable> {
    const response = await this.#send('GET', `/internal/exports${withSecrets ? '?secrets=1' : ''}`);
    if (!response.ok || !response.body) throw failureOf(response.status, await readAnswer(response));
    return Readable.fromWeb(response.body as NodeReadableStream);
  }

  async #request(method: string, path: string, body?: object, forMs = timeoutMs): Promise<unknown> {
    const response = await this.#send(method, path, {
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(forMs),
    });
    return this.#read(response);
  }

  async #send(method: string, path: string, request: SendRequest = {}): Promise<Response> {
    const { url, internalKey } = this.#options;
    try {
      return await fetch(`${url.replace(/\/+$/, '')}${path}`, {
        ...request,
        method,
        headers: { ...request.headers, authorization: `Bearer ${internalKey}` },
        redirect: 'error',
      });
    } catch (error) {
      throw new AppError(
        'service_unavailable',
        'The token-manager cannot be reached just now; try again in some seconds.',
        { cause: error },
      );
    }
  }

  async #read(response: Response): Promise<unknown> {
    const answer = await readAnswer(response);
    if (!response.ok) throw failureOf(response.status, answer);
    return answer;
  }
}

/** Remembers why its source broke off: `fetch` tells only that it did. */
class Watched implements AsyncIterable<Uint8Array> {
  failure: unknown;
  readonly #source: AsyncIterable<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#source;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

interface SendRequest {
  headers?: Record<string, string>;
  body?: string | ReadableStream<Uint8Array>;
  /** Needed by `fetch` where the body is a stream. */
  duplex?: 'half';
  signal?: AbortSignal;
}

function pathOf(id: string): string {
  return `/internal/tokens/${segmentOf(id)}`;
}

/** @throws AppError `not_found` for what no database can even look for */
function segmentOf(id: string): string {
  if (toStorableText(id) !== id) throw new AppError('not_found', 'There is nothing of this id.');
  return encodeURIComponent(id);
}

async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function failureOf(status: number, answer: unknown): AppError {
  const failure = failureSchema.safeParse(answer);
  if (!failure.success || !isErrorCode(failure.data.error.code)) {
    return new AppError('internal_error', `The token-manager answered ${status}`, { details: { answer } });
  }
  const { code, message, param } = failure.data.error;
  return new AppError(code, message, param == null ? {} : { param });
}
