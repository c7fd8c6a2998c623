import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultProxy } from './fault-proxy.js';
import { waitFor } from './wait-for.js';

let requests: string[];
let server: http.Server;
let origin: string;
let proxy: FaultProxy;

beforeEach(async () => {
  requests = [];
  server = http.createServer((request, response) => {
    requests.push(request.url ?? '');
    request.resume();
    response.end('x'.repeat(10_000));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  proxy = await FaultProxy.open(origin);
});

afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A connection of its own for each request: a reused one would hide when the fault began. */
function get(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get(proxy.through(`${origin}${path}`), { agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

async function timed<T>(work: Promise<T>): Promise<{ result: T; elapsedMs: number }> {
  const begin = performance.now();
  return { result: await work, elapsedMs: performance.now() - begin };
}

test('passes everything through when nothing is wrong', async () => {
  expect(await get('/plain')).toBe(10_000);
  expect([proxy.accepted, proxy.struck]).toEqual([1, 0]);
  await waitFor(() => proxy.openConnections === 0, { timeoutMs: 8_000 });
});

test('latency delays the request and the answer', async () => {
  proxy.set({ latencyMs: 100 });
  const { result, elapsedMs } = await timed(get('/late'));
  expect(result).toBe(10_000);
  expect(elapsedMs).toBeGreaterThanOrEqual(195);
});

test('slow lets no more than the rate through', async () => {
  proxy.set({ bytesPerSecond: 20_000 });
  const { result, elapsedMs } = await timed(get('/slow'));
  expect(result).toBe(10_000);
  expect(elapsedMs).toBeGreaterThanOrEqual(490);
});

test('a lost answer: the server has the request, the client an error', async () => {
  proxy.set({ resetAfterBytes: { down: 0 } });
  await expect(get('/paid')).rejects.toThrow(/ECONNRESET|hang up/);
  expect(requests).toEqual(['/paid']);
});

test('a reset before the first byte: the server never sees the request', async () => {
  proxy.set({ resetAfterBytes: { up: 0 } });
  await expect(get('/never')).rejects.toThrow(/ECONNRESET|hang up/);
  expect(requests).toEqual([]);
});

test('refuses new connections until it is healed', async () => {
  proxy.set({ isRefusing: true });
  await expect(get('/refused')).rejects.toThrow(/ECONNRESET|hang up/);
  proxy.heal();
  expect(await get('/healed')).toBe(10_000);
});

test('a black hole says nothing, and delivers when it is over', async () => {
  proxy.set({ isBlackhole: true });
  let isOver = false;
  const answer = get('/held').then((bytes) => {
    isOver = true;
    return bytes;
  });
  await waitFor(() => proxy.openConnections === 1, { timeoutMs: 8_000 });
  await new Promise((resolve) => setImmediate(resolve));
  expect({ isOver, requests }).toEqual({ isOver: false, requests: [] });
  proxy.heal();
  expect(await answer).toBe(10_000);
});

test.each(['reset', 'cut'] as const)('%s ends the connections that are open', async (how) => {
  proxy.set({ isBlackhole: true });
  const answer = get('/broken');
  const failure = expect(answer).rejects.toThrow(/ECONNRESET|hang up/);
  await waitFor(() => proxy.openConnections === 1, { timeoutMs: 8_000 });
  proxy[how]();
  await failure;
});

test('with marks, a fault can be for the connections alone that have said something', async () => {
  const marking = await FaultProxy.open(origin, { marks: /GET \/marked/ });
  try {
    const ask = (path: string) =>
      new Promise<number>((resolve, reject) => {
        const url = marking.through(`${origin}${path}`);
        http
          .get(url, { agent: false }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)))
          .on('error', reject);
      });
    marking.set({ resetAfterBytes: { down: 0 } }, { isOnlyMarked: true });
    expect(await ask('/plain')).toBe(200);
    await expect(ask('/marked')).rejects.toThrow(/ECONNRESET|hang up/);
    marking.heal();
    expect(await ask('/marked')).toBe(200);
  } finally {
    await marking.close();
  }
});

test('tells whether a fault has met anybody', async () => {
  proxy.reset();
  proxy.set({ latencyMs: 5 });
  expect(proxy.struck).toBe(0);
  await get('/late');
  const late = proxy.struck;
  expect(late).toBeGreaterThan(0);
  proxy.set({ isRefusing: true });
  await expect(get('/refused')).rejects.toThrow();
  expect(proxy.struck).toBe(late + 1);
  proxy.set({ resetAfterBytes: { down: 100 } });
  await expect(get('/cut')).rejects.toThrow();
  expect(proxy.struck).toBe(late + 2);
});
