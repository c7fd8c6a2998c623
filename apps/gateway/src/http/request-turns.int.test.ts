import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;
const inTurn: string[] = [];

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  gateway = await startTestGateway({
    databaseUrl: testDatabase.url,
    redisUrl: redis.url,
    redisPrefix: redis.prefix,
    settings: { 'stream.openPerKey': 50 },
    prepareServer: (server) => {
      server.addHook('onRoute', ({ method, url, config }) => {
        if ((config as { takesTurn?: boolean } | undefined)?.takesTurn) inTurn.push(`${method} ${url}`);
      });
    },
  });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([testDatabase.drop(), redis.close()]);
});

test('routes that make generations take turns, and no others', () => {
  expect(inTurn.sort()).toEqual([
    'POST /v1/chat/completions',
    'POST /v1/images/edits',
    'POST /v1/images/generations',
    'POST /v1/videos',
    'POST /v1/videos/:id/remix',
    'POST /v1/videos/characters',
    'POST /v1/videos/edits',
    'POST /v1/videos/extensions',
  ]);
});

test('of many streams at once as many begin as the key may have, beside those of others, and strangers are refused as ever', async () => {
  const [key, other] = await Promise.all([gateway.newClient(), gateway.newClient()]);
  const left = new AbortController();
  const begin = (apiKey: string, prompt: string) =>
    gateway.send(apiKey, '/v1/chat/completions', {
      json: { model: 'sora2-landscape-10s', messages: [{ role: 'user', content: prompt }], stream: true },
      signal: left.signal,
    });
  try {
    const many = Array.from({ length: 60 }, (_, no) => begin(key, `kite ${no}`));
    const [light, stranger, one] = await Promise.all([
      gateway.send(key, '/v1/models'),
      begin('nobody-knows-this-key', 'nothing'),
      begin(other, 'a single one'),
    ]);
    expect([light.status, stranger.status, one.status]).toEqual([200, 401, 200]);
    const statuses = (await Promise.all(many)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(50);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    const rows = { request: { path: ['prompt'], string_starts_with: 'kite' } };
    expect(await gateway.database.generation.count({ where: rows })).toBe(50);
  } finally {
    left.abort();
  }
});
