/** CONNECT as somebody else understands it: the proxy server proxy-chain, plain and over TLS. */
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isTransportError } from '@reelay/contracts/upstream-error';
import { testCertificate, trustTestCertificate } from '@reelay/testing/test-certificate';
import { Server } from 'proxy-chain';
import { HttpClient } from './http-client.js';

const user = 'a user';
const password = 'p@ss:/%wörd';

let upstream: HttpServer;
let proxy: Server;
let client: HttpClient;
/** Who went where, as proxy-chain understood it. */
let through: string[];

beforeAll(async () => {
  trustTestCertificate();
  upstream = createServer((request, response) => void request.pipe(response));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  upstream.closeAllConnections();
  upstream.close();
});
beforeEach(() => {
  client = new HttpClient({ connectTimeoutMs: 5_000 });
  through = [];
});
afterEach(async () => {
  await client.close();
  await proxy.close(true);
});

const port = () => (upstream.address() as AddressInfo).port;

async function start(scheme: 'http' | 'https'): Promise<string> {
  const options = {
    host: '127.0.0.1',
    port: 0,
    prepareRequestFunction: (asked: { username: string; password: string; hostname: string; port: number }) => {
      if (asked.username !== user || asked.password !== password) return { requestAuthentication: true };
      through.push(`${asked.username} to ${asked.hostname}:${asked.port}`);
      return {};
    },
  };
  proxy =
    scheme === 'http'
      ? new Server(options)
      : new Server({ ...options, serverType: 'https', httpsOptions: testCertificate });
  await proxy.listen();
  return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@localhost:${proxy.port}`;
}

test.each(['http', 'https'] as const)('proxy-chain lets %s calls through by user and password only', async (scheme) => {
  const proxyUrl = await start(scheme);
  const call = { method: 'POST', url: `http://127.0.0.1:${port()}`, body: 'hello' } as const;
  const beforeSend = async () => ({ commitStartedAt: performance.now(), freshMs: 5_000 });
  for (const more of [{}, {}, { beforeSend }]) {
    expect(await client.request({ ...call, ...more }, { proxyUrl })).toMatchObject({ status: 200, text: 'hello' });
  }
  // Two through one tunnel, and the paid one through its own.
  expect(through).toEqual(Array(2).fill(`a user to 127.0.0.1:${port()}`));
  const wrong = proxyUrl.replace(/:[^:/]*@/, ':wrong@');
  const failure = await client.request(call, { proxyUrl: wrong }).catch((error: unknown) => error);
  expect(isTransportError(failure) && failure).toMatchObject({ sent: false, phase: 'connect', hop: 'proxy' });
  expect(String(failure)).toContain('407');
  expect(String(failure)).not.toContain('wrong');
});
