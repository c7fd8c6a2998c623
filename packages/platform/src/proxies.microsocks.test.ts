/** SOCKS5 as somebody else understands it. Runs where microsocks is installed, and always in CI. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { isTransportError } from '@reelay/contracts/upstream-error';
import { waitFor } from '@reelay/testing/wait-for';
import { HttpClient } from './http-client.js';

let upstream: Server;
let client: HttpClient;
let running: ChildProcess[];
/** What the proxies say of the calls that went through them. */
let log: string;

beforeAll(async () => {
  upstream = createServer((request, response) => void request.pipe(response));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  upstream.closeAllConnections();
  upstream.close();
});
beforeEach(() => {
  client = new HttpClient({ connectTimeoutMs: 5_000 });
  running = [];
  log = '';
});
afterEach(async () => {
  await client.close();
  for (const proxy of running) proxy.kill('SIGKILL');
});

const portOf = () => (upstream.address() as AddressInfo).port;
const beforeSend = async () => ({ commitStartedAt: performance.now(), freshMs: 5_000 });

async function startMicrosocks(...args: string[]): Promise<string> {
  const port = await findFreePort();
  const program = process.env.MICROSOCKS_PATH ?? 'microsocks';
  const proxy = spawn(program, ['-i', '127.0.0.1', '-p', String(port), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(proxy);
  proxy.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const url = `socks5://127.0.0.1:${port}`;
  // A wrong password would be told from a proxy that does not listen yet, so it is asked until it answers at all.
  await waitFor(async () => !/ECONNREFUSED/.test(await outcomeOf(url)), { timeoutMs: 8_000 });
  await waitFor(() => args.length > 0 || log.includes('connected'), { timeoutMs: 8_000 });
  log = '';
  return url;
}

async function findFreePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function outcomeOf(proxyUrl: string, url = `http://127.0.0.1:${portOf()}`): Promise<string> {
  const failure = await client.request({ method: 'GET', url }, { proxyUrl }).catch((error: unknown) => error);
  return isTransportError(failure) ? `${failure.hop}: ${failure.message}` : 'answered';
}

test('microsocks lets calls through, paid or not, by name and by address', async () => {
  const proxyUrl = await startMicrosocks();
  for (const host of ['localhost', '127.0.0.1']) {
    const call = { method: 'POST', url: `http://${host}:${portOf()}`, body: 'hello' } as const;
    for (const more of [{}, { beforeSend }]) {
      expect(await client.request({ ...call, ...more }, { proxyUrl })).toMatchObject({ status: 200, text: 'hello' });
    }
    await waitFor(() => log.includes(`connected to ${host}:${portOf()}`), { timeoutMs: 8_000, describe: () => log });
  }
});

test('microsocks lets a client in by user and password only', async () => {
  const proxyUrl = await startMicrosocks('-u', 'a user', '-P', 'p@ss:/%wörd');
  const withCredentials = (password: string) => proxyUrl.replace('//', `//a%20user:${encodeURIComponent(password)}@`);
  expect(await outcomeOf(withCredentials('p@ss:/%wörd'))).toBe('answered');
  await waitFor(() => log.includes(`connected to 127.0.0.1:${portOf()}`), { timeoutMs: 8_000 });
  expect(await outcomeOf(withCredentials('wrong'))).toMatch(/^proxy: .*check its user and password/);
  expect(await outcomeOf(proxyUrl)).toMatch(/^proxy: .*check its user and password/);
});

test('microsocks says when it is the upstream that cannot be reached', async () => {
  const proxyUrl = await startMicrosocks();
  const deadPort = await findFreePort();
  expect(await outcomeOf(proxyUrl, `http://127.0.0.1:${deadPort}`)).toMatch(/^upstream: /);
});
