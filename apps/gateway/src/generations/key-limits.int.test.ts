/** What a client is told when its key may not: over HTTP, as the official SDK sees it, by two gateways on the same databases. */
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import OpenAI, { type APIError } from 'openai';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateways: [TestGateway, TestGateway];

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  const databases = { databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix: redis.prefix };
  const settings = {
    'price.models': { 'sora2-landscape-10s': 0.25 },
    'price.currency': 'EUR',
    // No day ends there while the tests run.
    'statistics.timeZone': Math.abs(new Date().getUTCHours() - 12) < 8 ? 'UTC' : 'Etc/GMT+12',
  };
  gateways = await Promise.all([startTestGateway({ ...databases, settings }), startTestGateway(databases)]);
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await Promise.all([testDatabase.drop(), redis.close()]);
});

async function newKey(limits: object): Promise<{ id: string; key: string }> {
  const [{ adminKey, send }] = gateways;
  const response = await send(adminKey, '/api/admin/api-keys', { json: { name: 'test', ...limits } });
  return (await response.json()) as { id: string; key: string };
}

const client = (apiKey: string, which: 0 | 1 = 0) =>
  new OpenAI({ baseURL: `${gateways[which].url}/v1`, apiKey, maxRetries: 0 });
const video = { model: 'sora2-landscape-10s', prompt: 'a paper boat' } as const;
const create = async (apiKey: string, which: 0 | 1 = 0) => client(apiKey, which).videos.create({ ...video } as never);
const refusalOf = async (work: Promise<unknown>) =>
  (await work.then(
    () => undefined,
    (error: unknown) => error,
  )) as APIError;

test('of twenty videos at once over two gateways exactly the five of the quota are accepted', async () => {
  const { key } = await newKey({ dailyQuota: { video: 5 }, monthlyQuota: { video: 100 } });
  const all = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => create(key, (n % 2) as 0 | 1)));
  const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason as APIError] : []));
  expect(refused).toHaveLength(15);
  for (const error of refused) {
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
    // Without it the SDKs would send it again.
    expect(error.headers?.get('x-should-retry')).toBe('false');
  }
  expect(await gateways[0].database.usage.count({ where: { apiKey: { name: 'test' }, state: 'reserved' } })).toBe(5);
  const [first] = all.filter((each) => each.status === 'fulfilled');
  await gateways[0].send(key, `/v1/videos/${(first!.value as { id: string }).id}/cancel`, { method: 'POST' });
  expect(await create(key)).toMatchObject({ status: 'queued' });
  expect(await refusalOf(create(key))).toMatchObject({ code: 'insufficient_quota' });
});

test('what may be open is counted over two gateways, by what the key says', async () => {
  const { key } = await newKey({ queuedLimit: 3 });
  const all = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => create(key, (n % 2) as 0 | 1)));
  const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason as APIError] : []));
  expect(refused).toHaveLength(9);
  expect(refused[0]).toMatchObject({
    status: 429,
    code: 'rate_limit_exceeded',
    message: expect.stringContaining('3 gen'),
  });
});

test('two gateways count the requests of a minute together, and each answer tells how many are left', async () => {
  const { key } = await newKey({ requestsPerMinute: 6 });
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, n) =>
      gateways[(n % 2) as 0 | 1].send(key, n % 3 === 0 ? '/v1/videos/none' : '/v1/models'),
    ),
  );
  const limited = answers.filter(({ status }) => status === 429);
  expect(limited).toHaveLength(10);
  const left = answers.filter(({ status }) => status !== 429);
  const remaining = left.map(({ headers }) => Number(headers.get('x-ratelimit-remaining-requests')));
  expect(remaining.sort()).toEqual([0, 1, 2, 3, 4, 5]);
  for (const { headers } of answers) {
    expect(headers.get('x-ratelimit-limit-requests')).toBe('6');
    expect(headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+m)?\d{1,2}s$/);
  }
  const seconds = Number(limited[0]!.headers.get('retry-after'));
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(await limited[0]!.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'requests' } });
});

test('streams and downloads carry the headers too, and keys without a limit have none', async () => {
  const { key } = await newKey({ requestsPerMinute: 1_000 });
  const { id } = await create(key);
  const stop = new AbortController();
  const events = await gateways[0].send(key, `/v1/generations/${id}/events`, { signal: stop.signal });
  expect([events.status, events.headers.get('x-ratelimit-limit-requests')]).toEqual([200, '1000']);
  stop.abort();
  const free = await gateways[0].send((await newKey({})).key, '/v1/models');
  expect([...free.headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
});

test('a key sees and uses the models and kinds it may, and is told by name of others', async () => {
  const { key } = await newKey({ allowedModels: ['sora2-landscape-10s', 'gpt-image'], allowedKinds: ['video'] });
  const listed = (await client(key).models.list()).data.map(({ id }) => id);
  // The name may be asked for in the size that is allowed.
  expect(listed).toEqual(['sora2-landscape-10s', 'sora-2']);
  expect(await client(key).models.retrieve('sora-2')).toMatchObject({ id: 'sora-2' });
  expect(await client(key).models.retrieve('sora2-landscape-10s')).toMatchObject({ id: 'sora2-landscape-10s' });
  const forbidden = { status: 403, code: 'model_not_allowed', param: 'model' };
  expect(await refusalOf(client(key).models.retrieve('gpt-image'))).toMatchObject(forbidden);
  expect(await refusalOf(client(key).models.retrieve('sora-2-pro'))).toMatchObject(forbidden);
  const portrait = { ...video, model: 'sora2-portrait-10s' };
  expect(await refusalOf(client(key).videos.create(portrait as never))).toMatchObject(forbidden);
  const picture = { model: 'gpt-image', messages: [{ role: 'user', content: 'a paper boat' }] } as const;
  expect(
    await refusalOf(client(key).chat.completions.create({ ...picture, messages: [...picture.messages] })),
  ).toMatchObject({
    ...forbidden,
    message: expect.stringContaining('kind "image"'),
  });
  expect(await create(key)).toMatchObject({ status: 'queued' });
  expect(
    await gateways[0].database.generation.count({ where: { apiKey: { allowedKinds: { equals: ['video'] } } } }),
  ).toBe(1);
});

test('the priority of a key is that of its generations', async () => {
  const { id, key } = await newKey({ priority: 4 });
  await create(key);
  expect(await gateways[0].database.generation.findFirst({ where: { apiKeyId: id } })).toMatchObject({ priority: 4 });
});

test('a key reads what it used and what is left of its quotas, and nothing of another one', async () => {
  const { key } = await newKey({ dailyQuota: { video: 3 }, ownerId: 'shared' });
  const sibling = await newKey({ ownerId: 'shared' });
  await create(key);
  const report = await client(key).get<Record<string, unknown>>('/usage', {
    query: { group_by: 'day,model' },
  } as object);
  const today = { accepted: 1, booked: 0, reserved: 1, released: 0, costs: [] };
  expect(report).toMatchObject({
    ...{ object: 'usage', data: [{ object: 'usage.row', model: 'sora2-landscape-10s', ...today }], total: today },
    quotas: [{ kind: 'video', period: 'day', limit: 3, used: 1, resets_at: expect.any(String) as string }],
  });
  expect(await client(sibling.key).get('/usage')).toMatchObject({ data: [], total: { accepted: 0 }, quotas: [] });
  for (const query of [
    '?start=2026-01-01',
    '?group_by=owner',
    '?start=2026-02-30&end=2026-03-01',
    '?start=0000-01-01&end=0000-01-02',
  ])
    expect((await gateways[0].send(key, `/v1/usage${query}`)).status).toBe(400);
});
