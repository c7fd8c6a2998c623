/** The life of the process: its end, and the times when Postgres, Redis or the token-manager are away. */
import http from 'node:http';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { FaultProxy } from '@reelay/testing/fault-proxy';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import { succeed } from './testing/play-worker.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from './testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
});

afterAll(async () => {
  await Promise.all([testDatabase.drop(), redis.close()]);
});

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(options: Partial<TestGatewayOptions> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({
    databaseUrl: testDatabase.url,
    redisUrl: redis.url,
    redisPrefix: redis.prefix,
    settings: { 'stream.recheckMs': 50, 'generation.waitMs': 20_000 },
    ...options,
  });
  let closing: Promise<void> | undefined;
  const close = gateway.close;
  gateway.close = () => (closing ??= close());
  open.push(gateway.close);
  return gateway;
}

async function proxyOf(url: string): Promise<FaultProxy> {
  const proxy = await FaultProxy.open(url);
  open.push(() => proxy.close());
  return proxy;
}

const chat = '/v1/chat/completions';
const body = (prompt: string) => ({ model: 'sora2-landscape-10s', messages: [{ role: 'user', content: prompt }] });
const soon = { timeoutMs: 20_000, intervalMs: 20 };

async function generationOf(gateway: TestGateway, prompt: string): Promise<string> {
  const find = () =>
    gateway.database.$queryRaw<{ id: string }[]>`SELECT id FROM generation WHERE request->>'prompt' = ${prompt}`;
  await waitFor(async () => (await find()).length > 0, soon);
  return (await find())[0]?.id ?? '';
}

describe('when the gateway stops', () => {
  test('a stream ends with one error that says where its generation is found, and the retry gets it from the next gateway', async () => {
    const gateway = await start();
    const key = await gateway.newClient();
    const stream = await gateway.send(key, chat, { json: { ...body('streamed into the stop'), stream: true } });
    const id = await generationOf(gateway, 'streamed into the stop');
    const text = stream.text();
    const startedAt = performance.now();
    await gateway.close();
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    const events = (await text).split('\n\n').filter((part) => part !== '');
    expect(JSON.parse(events.at(-1)?.slice('data: '.length) ?? '')).toMatchObject({
      error: {
        code: 'gateway_restarting',
        generation_id: `chatcmpl-${id}`,
        url: expect.stringContaining(`/v1/generations/chatcmpl-${id}`) as string,
      },
    });

    const next = await start();
    const headers = { 'x-stainless-retry-count': '1' };
    const retried = next.send(key, chat, { json: { ...body('streamed into the stop'), stream: true }, headers });
    await succeed(next, id);
    expect(await (await retried).text()).toContain(`chatcmpl-${id}`);
  });

  test('a request that waits is answered so that its SDK repeats it', async () => {
    const gateway = await start();
    const answer = gateway.send(await gateway.newClient(), chat, { json: body('waits into the stop') });
    const id = await generationOf(gateway, 'waits into the stop');
    await gateway.close();
    const response = await answer;
    expect([response.status, response.headers.get('retry-after'), response.headers.get('x-should-retry')]).toEqual([
      503,
      '2',
      'true',
    ]);
    expect(await response.json()).toMatchObject({
      error: { code: 'gateway_restarting', generation_id: `chatcmpl-${id}` },
    });
    const next = await start();
    expect(await next.database.generation.findUnique({ where: { id } })).toMatchObject({ attachable: 1, waiter: null });
  });

  test('a connection that is kept open is told to close', async () => {
    const gateway = await start();
    const agent = new http.Agent({ keepAlive: true });
    const ask = () =>
      new Promise<number>((resolve, reject) => {
        http
          .get(`${gateway.url}/healthz`, { agent }, (response) =>
            response.resume().on('end', () => resolve(response.statusCode ?? 0)),
          )
          .on('error', reject);
      });
    expect(await ask()).toBe(200);
    await gateway.close();
    await expect(ask()).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    agent.destroy();
  });
});

test('the generation of a gateway that died is given to the retry by another', async () => {
  const gateway = await start();
  const key = await gateway.newClient();
  const lost = gateway.send(key, chat, { json: body('its gateway dies') });
  const id = await generationOf(gateway, 'its gateway dies');
  // What a kill leaves behind: a waiter whose lock nobody holds.
  await gateway.database.$executeRaw`UPDATE generation SET waiter = 4711 WHERE id = ${id}`;
  const other = await start();
  const retried = other.send(key, chat, {
    json: body('its gateway dies'),
    headers: { 'x-stainless-retry-count': '1' },
  });
  await waitFor(async () => (await other.database.generation.findUnique({ where: { id } }))?.waiter !== 4711n, soon);
  await succeed({ database: other.database, storageDir: other.storageDir }, id);
  expect(await (await retried).json()).toMatchObject({ id: `chatcmpl-${id}` });
  await lost;
});

describe('while Postgres is away', () => {
  test('requests are told to come back, the process lives, and all is well when it is back', async () => {
    const proxy = await proxyOf(testDatabase.url);
    const gateway = await start({ configuration: { DATABASE_URL: proxy.through(testDatabase.url) } });
    const key = await gateway.newClient();
    expect((await gateway.send(key, '/readyz')).status).toBe(200);
    const stream = await gateway.send(key, chat, { json: { ...body('outlives an outage'), stream: true } });
    const id = await generationOf(gateway, 'outlives an outage');

    proxy.set({ isRefusing: true });
    proxy.reset();
    await waitFor(async () => (await gateway.send(key, '/readyz')).status === 503, soon);
    for (const [path, json] of [
      ['/v1/videos', { prompt: 'x' }],
      [chat, body('x')],
      ['/v1/models', undefined],
    ] as const) {
      const response = await gateway.send(key, path, { json });
      expect([path, response.status, response.headers.get('x-should-retry')]).toEqual([path, 503, 'true']);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ error: { code: 'service_unavailable', type: 'server_error' } });
    }
    expect((await gateway.send(undefined, '/healthz')).status).toBe(200);

    proxy.heal();
    await waitFor(async () => (await gateway.send(key, '/readyz')).status === 200, soon);
    expect((await gateway.send(key, '/v1/videos', { json: { prompt: 'x' } })).status).toBe(200);
    await succeed(gateway, id);
    expect(await stream.text()).toMatch(/<video src=.+data: \[DONE\]\n\n$/s);
  });

  test('an accept whose answer was lost is not paid for twice by the retry', async () => {
    const proxy = await proxyOf(testDatabase.url);
    const gateway = await start({ configuration: { DATABASE_URL: proxy.through(testDatabase.url) } });
    const key = await gateway.newClient();
    expect((await gateway.send(key, '/v1/models')).status).toBe(200);
    await waitFor(() => proxy.openConnections > 0, soon);
    // The statement reaches Postgres, its answer does not come back.
    proxy.set({ resetAfterBytes: { down: 0 } });
    const first = await gateway.send(key, '/v1/videos', { json: { prompt: 'accepted in the dark' } });
    expect(first.status).toBe(503);
    proxy.heal();
    const id = await generationOf(gateway, 'accepted in the dark');
    const headers = { 'x-stainless-retry-count': '1' };
    const retried = await gateway.send(key, '/v1/videos', { json: { prompt: 'accepted in the dark' }, headers });
    expect([retried.status, await retried.json()]).toMatchObject([200, { id: `video_${id}` }]);
  });
});

test('without Redis requests are accepted, streamed and delivered, and readiness says degraded', async () => {
  const gateway = await start({ redisUrl: 'redis://127.0.0.1:1' });
  const key = await gateway.newClient();
  const ready = await gateway.send(undefined, '/readyz');
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', postgres: 'ok', redis: 'degraded' }]);
  const stream = await gateway.send(key, chat, { json: { ...body('without Redis'), stream: true } });
  await succeed(gateway, await generationOf(gateway, 'without Redis'));
  expect(await stream.text()).toMatch(/<video src=/);
});

test('the first page and the health page say the version', async () => {
  const gateway = await start({ configuration: { REELAY_COMMIT: 'abc1234' } });
  expect(await (await gateway.send(undefined, '/healthz')).json()).toMatchObject({
    status: 'ok',
    version: '0.0.0-test',
    commit: 'abc1234',
  });
  const page = await gateway.send(undefined, '/');
  expect([page.headers.get('content-type'), await page.text()]).toEqual([
    'text/html; charset=utf-8',
    expect.stringContaining('abc1234'),
  ]);
});
