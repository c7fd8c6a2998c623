import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the upstream says next on a route; `reset` cuts the connection after the request was read, `silence` never answers. */
export type ScriptedAnswer =
  | { status?: number; body?: unknown; headers?: Record<string, string> }
  | 'reset'
  | 'silence';
type Script = ScriptedAnswer | ((request: RecordedRequest) => ScriptedAnswer);

export interface RecordedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A real HTTP server that answers by a script and remembers everything it was sent, in order. */
export class ScriptedUpstream {
  readonly requests: RecordedRequest[] = [];
  /** Order of arrival, for tests that put marks of their own between the requests. */
  readonly log: string[] = [];
  readonly #scripts = new Map<string, Script[]>();
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers for `GET /path`, in turn; the last one stays. */
  on(route: string, ...scripts: Script[]): this {
    this.#scripts.set(route, scripts);
    return this;
  }

  requestsTo(path: string): RecordedRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const recorded: RecordedRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: await readBody(request),
    };
    this.requests.push(recorded);
    const route = `${recorded.method} ${recorded.path}`;
    this.log.push(route);
    const answer = this.#next(route, recorded);
    if (answer === 'silence') return;
    if (answer === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    const { status = 200, body = '', headers = {} } = answer;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  }

  #next(route: string, request: RecordedRequest): ScriptedAnswer {
    const scripts = this.#scripts.get(route) ?? [];
    const script = scripts.length > 1 ? scripts.shift() : scripts[0];
    if (script === undefined) return { status: 418, body: { error: `no script for ${route}` } };
    return typeof script === 'function' ? script(request) : script;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
