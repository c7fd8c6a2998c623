/** A way to the gateway for clients that do not use our `fetch`: passes all on as it is, and judges every answer that a document describes. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { isDescribed, judgeAnswerTo } from './judged-fetch.js';

export class JudgingProxy {
  /** What was wrong with answers, in sentences. */
  readonly problems: string[] = [];
  /** Of JSON and of event streams. */
  judged = 0;
  readonly #server: http.Server;
  readonly #agent = new http.Agent({ keepAlive: true });

  private constructor(gatewayUrl: string) {
    this.#server = http.createServer((request, response) => this.#passOn(gatewayUrl, request, response));
  }

  static async open(gatewayUrl: string): Promise<JudgingProxy> {
    const proxy = new JudgingProxy(gatewayUrl);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #passOn(gatewayUrl: string, request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    // With the client's Host: links in answers lead here, too.
    const asked = http.request(new URL(url, gatewayUrl), { method, headers, agent: this.#agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
      this.#listenIn(method, url, answer);
      pipeline(answer, response, () => {});
    });
    asked.on('error', () => response.destroy());
    response.once('close', () => asked.destroy());
    pipeline(request, asked, () => {});
  }

  #listenIn(method: string, url: string, answer: http.IncomingMessage): void {
    const contentType = answer.headers['content-type'] ?? '';
    if (!/^(application\/json|text\/event-stream)/.test(contentType)) return;
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.once('close', () => {
      const body = Buffer.concat(chunks).toString();
      const given = { status: answer.statusCode ?? 0, contentType, body, isWhole: answer.complete };
      const { pathname } = new URL(url, 'http://gateway');
      if (!isDescribed(pathname)) return;
      this.judged += 1;
      const problems = judgeAnswerTo(method, pathname, given);
      if (problems.length > 0) this.problems.push(`${method} ${pathname} → ${given.status}: ${problems.join('; ')}`);
    });
  }
}
