import type { UpstreamFetch, UpstreamRequest, UpstreamResponse } from '@reelay/contracts/provider';
import { isTransportError, TransportError } from '@reelay/contracts/upstream-error';
import { Agent } from 'undici';
import { type CallRecord, maskBody, maskHeaders, maskUrl } from './call-record.js';
import { ConnectError } from './connect-error.js';
import { createDial, type Dial } from './http-connect.js';
import { type ExchangeOptions, type ExchangeResult, exchange } from './http-exchange.js';
import { sendPaidRequest } from './paid-request.js';

export interface HttpClientOptions {
  readonly connectTimeoutMs?: number;
  /** Monotonic milliseconds; another one only in tests. */
  readonly monotonicNowMs?: () => number;
}

/** What surrounds all calls of one attempt (or of one account). */
export interface CallSurroundings {
  readonly proxyUrl?: string;
  /** For requests that upload references; without it they go the way of all others. */
  readonly uploadProxyUrl?: string;
  /** Cancels a call; a paid request only as long as it is not sent. */
  readonly signal?: AbortSignal;
  /** Told about every call when it has ended, paid or not, answered or not. Must not throw. */
  readonly onCall?: (record: CallRecord) => void;
}

/** The way to one place: the dispatcher keeps connections alive, the dial opens fresh ones. */
export interface Route {
  readonly agent: Agent;
  readonly dial: Dial;
}

const CONNECT_TIMEOUT_MS = 10_000;
const TIMEOUT_MS = 30_000;
const MAXIMUM_BYTES = 4 * 1024 * 1024;
const MOST_ROUTES = 200;

/** Calls to upstreams, each through its own proxy, with kept-alive connections per proxy. It neither retries nor follows redirects. */
export class HttpClient {
  readonly #routes = new Map<string, Route>();
  readonly #connectTimeoutMs: number;
  readonly #monotonicNowMs: () => number;

  constructor(options: HttpClientOptions = {}) {
    this.#connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.#monotonicNowMs = options.monotonicNowMs ?? (() => performance.now());
  }

  /** The port's `fetch`, bound to the surroundings of one attempt. */
  createFetch(surroundings: CallSurroundings = {}): UpstreamFetch {
    return (request) => this.request(request, surroundings);
  }

  /** @throws TransportError; any HTTP status is an answer. */
  async request(request: UpstreamRequest, surroundings: CallSurroundings = {}): Promise<UpstreamResponse> {
    const startedAt = new Date();
    const startedAtMs = this.#monotonicNowMs();
    let result: ExchangeResult | undefined;
    let failure: unknown;
    try {
      result = await this.#send(request, surroundings);
      const { status, headers, body } = result;
      return { status, headers, text: body.toString('utf8'), bytes: body };
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      const durationMs = Math.round(this.#monotonicNowMs() - startedAtMs);
      surroundings.onCall?.(recordOf(request, { startedAt, durationMs, result, failure }));
    }
  }

  /** @throws TransportError when the proxy's address is of no use. */
  route(proxyUrl: string | undefined): Route {
    const key = proxyUrl ?? '';
    const route = this.#routes.get(key) ?? openRoute(proxyUrl, this.#connectTimeoutMs);
    // Put behind all others: the first is then the one that was not used for longest.
    this.#routes.delete(key);
    this.#routes.set(key, route);
    this.#dropOldest();
    return route;
  }

  async close(): Promise<void> {
    const routes = [...this.#routes.values()];
    this.#routes.clear();
    await Promise.allSettled(routes.map((route) => route.agent.destroy()));
  }

  async #send(request: UpstreamRequest, surroundings: CallSurroundings): Promise<ExchangeResult> {
    const { proxyUrl, uploadProxyUrl = proxyUrl } = surroundings;
    const { agent, dial } = this.route(request.purpose === 'upload' ? uploadProxyUrl : proxyUrl);
    const options = exchangeOptions(request, surroundings.signal);
    if (!request.beforeSend) return exchange(agent, options);
    return sendPaidRequest({
      ...options,
      dial,
      beforeSend: request.beforeSend,
      monotonicNowMs: this.#monotonicNowMs,
    });
  }

  /** Proxies come and go with tokens. */
  #dropOldest(): void {
    const [oldest] = this.#routes;
    if (!oldest || this.#routes.size <= MOST_ROUTES) return;
    this.#routes.delete(oldest[0]);
    void oldest[1].agent.close();
  }
}

function openRoute(proxyUrl: string | undefined, connectTimeoutMs: number): Route {
  try {
    const dial = createDial(proxyUrl, connectTimeoutMs);
    return { dial, agent: createAgent(dial) };
  } catch (cause) {
    if (!(cause instanceof ConnectError)) throw cause;
    throw new TransportError(cause.message, { sent: false, phase: 'connect', hop: 'proxy' });
  }
}

function createAgent(dial: Dial): Agent {
  return new Agent({
    allowH2: false,
    connections: 32,
    keepAliveTimeout: 10_000,
    connect: (options, callback) => {
      dial(options).then(
        (socket) => callback(null, socket),
        (error: Error) => callback(error, null),
      );
    },
  });
}

function exchangeOptions(request: UpstreamRequest, signal: AbortSignal | undefined): ExchangeOptions {
  const url = new URL(request.url);
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: request.headers ?? {},
    body: request.body,
    maximumBytes: request.maximumBytes ?? MAXIMUM_BYTES,
    timeoutMs: request.timeoutMs ?? TIMEOUT_MS,
    signal,
  };
}

interface CallEnd {
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly result: ExchangeResult | undefined;
  readonly failure: unknown;
}

function recordOf(request: UpstreamRequest, { startedAt, durationMs, result, failure }: CallEnd): CallRecord {
  return {
    method: request.method,
    url: maskUrl(request.url),
    startedAt,
    durationMs,
    requestHeaders: maskHeaders(request.headers ?? {}),
    requestBody: maskBody(request.body, headerOf(request.headers, 'content-type')),
    ...(result && {
      status: result.status,
      responseHeaders: maskHeaders(result.headers),
      responseBody: maskBody(result.body, result.headers['content-type']),
    }),
    ...(failure !== undefined && { error: describeFailure(failure) }),
  };
}

function headerOf(headers: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  return Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
}

function describeFailure(failure: unknown): string {
  if (!isTransportError(failure)) return 'unexpected failure';
  return `${failure.phase}${failure.sent ? ' after sending' : ', nothing sent'}: ${failure.message}`;
}
