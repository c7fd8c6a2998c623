/** An HTTP proxy that knows CONNECT and nothing else; on request spoken to through TLS. */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { credentialsInUrl, listen, type ProxyOptions, type TestProxy, Tunnels } from './proxy-tunnels.js';
import { testCertificate } from './test-certificate.js';

export interface HttpProxyOptions extends ProxyOptions {
  /** `https://` to the proxy itself, with the test certificate for `localhost`. */
  tls?: boolean;
}

export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<TestProxy> {
  const tunnels = new Tunnels(options);
  const server = options.tls ? https.createServer(testCertificate) : http.createServer();
  server.on('request', (_request, response) => {
    response.writeHead(405, { 'content-type': 'text/plain' }).end('This proxy knows CONNECT only.\n');
  });
  server.on('connection', (socket: Socket) => tunnels.track(socket));
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Over TLS it is another socket than that of the connection.
    tunnels.track(socket);
    socket.unshift(head);
    open(tunnels, options, request, socket).catch((error: NodeJS.ErrnoException) => {
      refuse(socket, error.code === 'ETIMEDOUT' ? 504 : 502);
    });
  });
  const port = await listen(server);
  const scheme = options.tls
    ? `https://${credentialsInUrl(options)}localhost`
    : `http://${credentialsInUrl(options)}127.0.0.1`;
  return {
    url: `${scheme}:${port}`,
    port,
    log: tunnels.log,
    get openTunnels() {
      return tunnels.open;
    },
    refuseWith: (status) => {
      tunnels.refusal = status;
    },
    close: () => tunnels.close(server),
  };
}

async function open(tunnels: Tunnels, options: ProxyOptions, request: IncomingMessage, client: Socket): Promise<void> {
  if (tunnels.refusal !== undefined) return refuse(client, tunnels.refusal);
  if (!isWelcome(options, request.headers['proxy-authorization'])) {
    return refuse(client, 407, 'proxy-authenticate: Basic realm="tests"\r\n');
  }
  const target = /^(?:\[([\da-f:.]+)\]|([^:]+)):(\d+)$/i.exec(request.url ?? '');
  if (!target) return refuse(client, 400);
  const upstream = await tunnels.reach(target[1] ?? target[2] ?? '', Number(target[3]), options.user);
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  tunnels.join(client, upstream);
}

function isWelcome({ user, password = '' }: ProxyOptions, authorization: string | undefined): boolean {
  return user === undefined || authorization === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function refuse(client: Socket, status: number, header = ''): void {
  client.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'Refused'}\r\n${header}content-length: 0\r\n\r\n`);
}
