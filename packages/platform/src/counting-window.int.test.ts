import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import { CountingWindow, type CountingWindowOptions } from './counting-window.js';
import { createLogger } from './logger.js';
import { closeRedis, createRedis } from './redis.js';

let testRedis: TestRedis;
beforeAll(async () => {
  testRedis = await openTestRedis();
});
afterAll(() => testRedis.close());

const log = createLogger({ app: 'gateway', format: 'json', level: 'debug', write: () => {} });

async function connect() {
  const redis = createRedis({ url: testRedis.url, role: 'producer', log });
  await waitFor(() => redis.status === 'ready', { timeoutMs: 10_000 });
  return redis;
}

const open = (redis: CountingWindowOptions['redis'], changes: Partial<CountingWindowOptions> = {}) =>
  new CountingWindow({ redis, prefix: testRedis.prefix, windowMs: 600_000, log, ...changes });

test('processes that share a Redis count together, each number once', async () => {
  const connections = await Promise.all([connect(), connect()]);
  const windows = connections.map((redis) => open(redis));
  const counts = await Promise.all(Array.from({ length: 40 }, (_, n) => windows[n % 2]!.count('together')));
  expect(counts.map(({ count }) => count).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  expect((await windows[0]!.count('another')).count).toBe(1);
  await Promise.all(connections.map(closeRedis));
});

test('after its end a window begins anew, and a key that lost its end gets one', async () => {
  const redis = await connect();
  const window = open(redis);
  const { endsInMs } = await window.count('ending');
  expect(endsInMs).toBeGreaterThan(0);
  expect(endsInMs).toBeLessThanOrEqual(600_000);
  const [key = ''] = await redis.keys(`${testRedis.prefix}*ending`);
  await redis.persist(key);
  expect(await window.count('ending')).toMatchObject({ count: 2 });
  expect(await redis.pttl(key)).toBeGreaterThan(0);
  await redis.unlink(key);
  expect(await window.count('ending')).toMatchObject({ count: 1 });
  await closeRedis(redis);
});

test('without Redis it counts by itself, and ends its windows by the clock', async () => {
  const redis = createRedis({ url: 'redis://127.0.0.1:1', role: 'producer', log });
  let now = 0;
  const window = open(redis, { now: () => now });
  expect(await window.count('alone')).toEqual({ count: 1, endsInMs: 600_000 });
  now = 1_000;
  expect(await window.count('alone')).toEqual({ count: 2, endsInMs: 599_000 });
  now = 600_000;
  expect(await window.count('alone')).toEqual({ count: 1, endsInMs: 600_000 });
  redis.disconnect();
});

test('a Redis that fails is asked again after a while only', async () => {
  let asked = 0;
  const failing = {
    status: 'ready',
    eval: async () => {
      asked += 1;
      throw new Error('too slow');
    },
  } as unknown as CountingWindowOptions['redis'];
  let now = 0;
  const window = open(failing, { now: () => now });
  for (const time of [0, 10, 4_999, 5_000, 5_001]) {
    now = time;
    await window.count('failing');
  }
  expect(asked).toBe(2);
  expect((await window.count('failing')).count).toBe(6);
});

test('of many at once one asks whether Redis works again, and once it does everybody counts there', async () => {
  let asked = 0;
  let answer: (() => Promise<[number, number]>) | undefined;
  const failing = {
    status: 'ready',
    eval: () => {
      asked += 1;
      return answer ? answer() : Promise.reject(new Error('too slow'));
    },
  } as unknown as CountingWindowOptions['redis'];
  let now = 0;
  const window = open(failing, { now: () => now });
  await window.count('probed');
  now = 5_000;
  const probe = Promise.withResolvers<[number, number]>();
  answer = () => probe.promise;
  const probing = window.count('probed');
  const others = await Promise.all(Array.from({ length: 10 }, () => window.count('probed')));
  expect([asked, others.at(-1)?.count]).toEqual([2, 11]);
  answer = undefined;
  probe.reject(new Error('still too slow'));
  expect((await probing).count).toBe(12);
  await window.count('probed');
  expect(asked).toBe(2);
  now = 10_000;
  answer = async () => [100, 1_000];
  const counts = await Promise.all([window.count('probed'), window.count('probed')]);
  expect(counts.map(({ count }) => count)).toEqual([100, 14]);
  expect(await Promise.all([window.count('probed'), window.count('probed')])).toMatchObject([
    { count: 100 },
    { count: 100 },
  ]);
  expect(asked).toBe(5);
});
