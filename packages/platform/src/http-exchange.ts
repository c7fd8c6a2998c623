import { TransportError } from '@reelay/contracts/upstream-error';
import type { Dispatcher } from 'undici';
import { ConnectError } from './connect-error.js';
import { GrowingBytes } from './growing-bytes.js';

export interface ExchangeOptions {
  readonly origin: string;
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly maximumBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Asked in the tick of the first write; a sentence forbids it, and nothing is written. */
  readonly whyNotWrite?: () => string | undefined;
}

export interface ExchangeResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * One request over one dispatcher, with certainty about what left. undici's HTTP/1 client calls `onRequestStart` synchronously
 * before its first `socket.write` and nothing of the request is written earlier (client-h1.js, `writeH1`); throwing there drops the
 * request. From that moment on bytes may have left, whatever the socket says later.
 */
export function exchange(dispatcher: Dispatcher, options: ExchangeOptions): Promise<ExchangeResult> {
  return new Promise((resolve, reject) => {
    const handler = new ExchangeHandler(options, resolve, reject);
    try {
      dispatcher.dispatch(
        {
          origin: options.origin,
          path: options.path,
          method: options.method,
          headers: options.headers,
          body: toBuffer(options.body),
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      handler.onResponseError(undefined, error as Error);
    }
  });
}

type Phase = TransportError['phase'];

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #resolve: (result: ExchangeResult) => void;
  readonly #reject: (error: TransportError) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #body = new GrowingBytes();
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = 'connect';
  #isSettled = false;
  #status = 0;
  #headers: Record<string, string> = {};

  constructor(
    options: ExchangeOptions,
    resolve: (result: ExchangeResult) => void,
    reject: (error: TransportError) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(
      () => this.#fail('timeout', `no answer within ${options.timeoutMs} ms`),
      options.timeoutMs,
    );
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal?.aborted) this.#onAbort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it was queued: undici drops it now, unwritten.
    if (this.#isSettled) throw new Error('given up before it was sent');
    if (this.#controller) throw new Error('a request is written once');
    const reason = this.#options.whyNotWrite?.();
    if (reason !== undefined) {
      this.#fail('before_send', reason);
      throw new Error(reason);
    }
    this.#controller = controller;
    this.#phase = 'write';
  }

  onRequestSent(): void {
    this.#phase = 'response';
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    this.#phase = 'response';
    this.#status = status;
    this.#headers = plainHeaders(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body.length + chunk.length > this.#options.maximumBytes) {
      this.#fail('response', `the answer is larger than ${this.#options.maximumBytes} bytes`);
    } else this.#body.add(chunk);
  }

  onResponseEnd(): void {
    if (!this.#settle()) return;
    const result = { status: this.#status, headers: this.#headers, body: this.#body.whole() };
    // undici gives the connection back in the next turn of the event loop; who heard of the end before it and called again would
    // open another one.
    setImmediate(() => setImmediate(() => this.#resolve(result)));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(this.#phase, error.message, error);
  }

  readonly #onAbort = () => this.#fail(this.#phase, 'the call was cancelled', this.#options.signal?.reason);

  #fail(phase: Phase, message: string, cause?: unknown): void {
    if (!this.#settle()) return;
    const error = new TransportError(message, {
      sent: this.#controller !== undefined,
      phase,
      hop: cause instanceof ConnectError ? cause.hop : 'upstream',
      cause,
    });
    this.#reject(error);
    this.#controller?.abort(error);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}

/** Repeated headers are joined as HTTP allows; names are lower-case already. */
export function plainHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    plain[name] = Array.isArray(value) ? value.join(', ') : String(value);
  return plain;
}

function toBuffer(body: string | Uint8Array | undefined): Buffer | null {
  if (body === undefined) return null;
  return typeof body === 'string'
    ? Buffer.from(body, 'utf8')
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
