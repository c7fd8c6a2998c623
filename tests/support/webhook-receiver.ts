/** A receiver of webhooks that refuses the first ones and quotes in its answer everything it was sent. */
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const refusals = 3;

export class WebhookReceiver {
  refused = 0;
  taken = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = http.createServer(async (request, response) => {
      const said = `${JSON.stringify(request.headers)} ${await text(request)}`;
      const isRefused = this.refused < refusals;
      if (isRefused) this.refused += 1;
      else this.taken += 1;
      response.writeHead(isRefused ? 500 : 200, { 'content-type': 'text/plain' }).end(said);
    });
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
