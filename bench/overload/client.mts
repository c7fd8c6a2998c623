import http from 'node:http';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: unknown;
  /** From the request to the last byte of its answer. */
  tookMs: number;
}

/** A plain one: what an SDK adds to the time of a call is none of the gateway's. */
export class Client {
  readonly #baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #agent = new http.Agent({ keepAlive: true });

  constructor(baseUrl: string, key: string) {
    this.#baseUrl = baseUrl;
    this.#headers = { authorization: `Bearer ${key}` };
  }

  get(route: string): Promise<Answer> {
    return this.#send('GET', route);
  }

  post(route: string, body: object): Promise<Answer> {
    return this.#send('POST', route, JSON.stringify(body));
  }

  #send(method: string, route: string, text?: string): Promise<Answer> {
    const headers = {
      ...this.#headers,
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}` }),
    };
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const options = { method, headers, agent: this.#agent, timeout: 60_000 };
      const request = http.request(this.#baseUrl + route, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const tookMs = performance.now() - startedAt;
          const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, tookMs });
        });
      });
      request.once('timeout', () => request.destroy(new Error('no answer within a minute')));
      request.once('error', reject);
      request.end(text);
    });
  }
}
