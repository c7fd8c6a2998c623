import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;
let tokenManager: http.Server;
let asked: { method: string | undefined; path: string | undefined; authorization: string | undefined; body: string }[] =
  [];
let answer: { status: number; body: string } = { status: 200, body: '[]' };

beforeAll(async () => {
  tokenManager = http.createServer((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.on('end', () => {
      asked.push({ method: request.method, path: request.url, authorization: request.headers.authorization, body });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => tokenManager.listen(0, '127.0.0.1', resolve));
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  const { port } = tokenManager.address() as AddressInfo;
  const configuration = { TOKEN_MANAGER_URL: `http://127.0.0.1:${port}/` };
  gateway = await startTestGateway({
    databaseUrl: testDatabase.url,
    redisUrl: redis.url,
    redisPrefix: redis.prefix,
    configuration,
  });
});

afterAll(async () => {
  await gateway.close();
  await new Promise((resolve) => tokenManager.close(resolve));
  await Promise.all([testDatabase.drop(), redis.close()]);
});

beforeEach(() => {
  asked = [];
  answer = { status: 200, body: '[]' };
});

const tokens = '/api/admin/tokens';
const send = (path: string, request = {}) => gateway.send(gateway.adminKey, path, request);

test('tokens are listed, added and removed by the token-manager, with the internal key', async () => {
  answer = { status: 200, body: '{"data":[{"id":"t1"}],"next":null}' };
  expect(await (await send(`${tokens}?state=active&limit=5`)).json()).toEqual({ data: [{ id: 't1' }], next: null });
  answer = { status: 200, body: '{"id":"t2","created":true}' };
  const accessToken = 'a-long-enough-access-token';
  expect(await (await send(tokens, { json: { accessToken, target: 'simulator' } })).json()).toEqual({
    id: 't2',
    created: true,
  });
  answer = { status: 204, body: '' };
  expect(await (await send(`${tokens}/t%2F2`, { method: 'DELETE' })).json()).toEqual({ id: 't/2', deleted: true });
  expect(asked.map(({ method, path }) => [method, path])).toEqual([
    ['GET', '/internal/tokens?state=active&limit=5'],
    ['POST', '/internal/tokens'],
    ['DELETE', '/internal/tokens/t%2F2'],
  ]);
  expect(asked.every(({ authorization }) => authorization === 'Bearer internal-key-of-the-tests-1')).toBe(true);
  expect(JSON.parse(asked[1]?.body ?? '')).toMatchObject({
    accessToken,
    provider: 'sora',
    target: 'simulator',
  });
});

test('a token that is not one is refused before the token-manager is asked', async () => {
  const response = await send(tokens, { json: { accessToken: 'short' } });
  expect([response.status, await response.json()]).toMatchObject([400, { error: { param: 'accessToken' } }]);
  expect(asked).toEqual([]);
});

test('one token is shown, changed, tested and renewed by the token-manager', async () => {
  answer = { status: 200, body: '{"id":"t1"}' };
  const one = `${tokens}/t%2F1`;
  const change = { label: 'mine', weight: 3, proxyUrl: null };
  for (const [path, request] of [
    [one, {}],
    [one, { method: 'PATCH', json: change }],
    [`${one}/test`, { method: 'POST' }],
    [`${one}/refresh`, { method: 'POST' }],
  ] as const) {
    const response = await send(path, request);
    expect([response.status, await response.json()]).toEqual([200, { id: 't1' }]);
  }
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', '/internal/tokens/t%2F1', ''],
    ['PATCH', '/internal/tokens/t%2F1', JSON.stringify(change)],
    ['POST', '/internal/tokens/t%2F1/test', ''],
    ['POST', '/internal/tokens/t%2F1/refresh', ''],
  ]);
  for (const [json, error] of [
    [{ vidoeLimit: 2 }, { param: 'vidoeLimit', message: expect.stringContaining('is no field') as string }],
    [{}, { message: expect.stringContaining('Say what to change') as string }],
    [{ proxyUrl: 'ftp://me:hush-hush@x' }, { param: 'proxyUrl' }],
  ] as const) {
    const refused = await send(one, { method: 'PATCH', json });
    const text = await refused.text();
    expect([refused.status, JSON.parse(text)]).toMatchObject([400, { error }]);
    expect(text).not.toContain('hush-hush');
  }
  const key = await gateway.newClient();
  for (const path of [one, `${one}/test`, `${one}/refresh`]) {
    expect((await gateway.send(key, path, path === one ? {} : { method: 'POST' })).status).toBe(401);
  }
  expect(asked).toHaveLength(4);
});

test('a credential that was wrapped when it was copied is refused with what to do, and not quoted', async () => {
  const response = await send(tokens, { json: { accessToken: 'hush-hush-hush\n-hush-hush' } });
  const text = await response.text();
  expect([response.status, text]).toEqual([400, expect.stringContaining('Copy it whole')]);
  expect(text).not.toContain('hush');
  expect(asked).toEqual([]);
});

test("the token-manager's own refusals are passed on, anything else of it is kept inside", async () => {
  answer = {
    status: 400,
    body: '{"error":{"code":"invalid_value","message":"The access token has expired.","param":"accessToken"}}',
  };
  const refused = await send(tokens, { json: { accessToken: 'a-long-enough-access-token' } });
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    { error: { code: 'invalid_value', message: 'The access token has expired.', param: 'accessToken' } },
  ]);
  for (const strange of [
    { status: 500, body: 'stack of hush-hush' },
    { status: 401, body: '{"error":{"code":"unauthorized_internal","message":"hush-hush"}}' },
  ]) {
    answer = strange;
    const response = await send(tokens);
    const text = await response.text();
    expect([response.status, text]).toEqual([500, expect.stringContaining('internal_error')]);
    expect(text).not.toContain('hush-hush');
  }
});

test("a token's history is read, and it is put out of service and back, by the token-manager", async () => {
  answer = { status: 200, body: '{"id":"t1"}' };
  expect(await (await send(`${tokens}/t%2F1/events?after=12&limit=5&other=1`)).json()).toEqual({ id: 't1' });
  expect((await send(`${tokens}/t1/disable`, { json: { reason: ' on holiday ' } })).status).toBe(200);
  expect((await send(`${tokens}/t1/disable`, { method: 'POST' })).status).toBe(200);
  expect((await send(`${tokens}/t1/enable`, { method: 'POST' })).status).toBe(200);
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', '/internal/tokens/t%2F1/events?after=12&limit=5&other=1', ''],
    ['POST', '/internal/tokens/t1/disable', '{"reason":"on holiday"}'],
    ['POST', '/internal/tokens/t1/disable', '{}'],
    ['POST', '/internal/tokens/t1/enable', ''],
  ]);
  const refused = await send(`${tokens}/t1/disable`, { json: { reason: 7 } });
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'reason' } }]);
  const key = await gateway.newClient();
  expect((await gateway.send(key, `${tokens}/t1/events`)).status).toBe(401);
  expect(asked).toHaveLength(4);
});

test.each([
  ['GET', 'tokens/%00'],
  ['PATCH', 'tokens/%00'],
  ['DELETE', 'tokens/%00'],
  ['GET', 'tokens/%00/events'],
  ['GET', 'tokens/%00/statistics'],
  ['POST', 'tokens/%00/disable'],
  ['GET', 'batches/%00'],
  ['POST', 'batches/a%00/cancel'],
])('what no id can be is not found: %s %s', async (method, path) => {
  const json = method === 'PATCH' ? { json: { videoLimit: 1 } } : {};
  const response = await send(`/api/admin/${path}`, { method, ...json });
  expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'not_found' } }]);
  expect(asked).toEqual([]);
});

test('no answer may be kept by a cache, nor a refusal', async () => {
  answer = { status: 200, body: '{}' };
  expect((await send(`${tokens}/t1`)).headers.get('cache-control')).toBe('no-store');
  const key = await gateway.newClient();
  expect((await gateway.send(key, `${tokens}/t1`)).headers.get('cache-control')).toBe('no-store');
});

test.each([
  { kind: 'set_limits', videoLimit: 2, imagelimit: 2, filter: {} },
  { kind: 'disable', because: 'x', filter: {} },
  { kind: 'delete', dryRun: true, filter: {} },
])('a batch with a field that there is not is refused, not done without it: %j', async (json) => {
  expect((await send('/api/admin/batches', { json })).status).toBe(400);
  expect(asked).toEqual([]);
});

test('the proxies of the installation are shown and changed by the token-manager', async () => {
  const view = { default: { isSet: true, hint: 'socks5://me@far.example:1080' }, upload: null };
  answer = { status: 200, body: JSON.stringify(view) };
  expect(await (await send('/api/admin/proxies')).json()).toEqual(view);
  const change = { defaultProxyUrl: 'socks5://me:hush-hush@far.example', uploadProxyUrl: null };
  const changed = await send('/api/admin/proxies', { method: 'PUT', json: change });
  expect([changed.status, await changed.json()]).toEqual([200, view]);
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', '/internal/proxies', ''],
    ['PUT', '/internal/proxies', JSON.stringify(change)],
  ]);
  const refused = await send('/api/admin/proxies', { method: 'PUT', json: { uploadProxyUrl: 'ftp://me:hush-hush@x' } });
  const text = await refused.text();
  expect([refused.status, text]).toEqual([400, expect.stringContaining('"param":"uploadProxyUrl"')]);
  expect(text).not.toContain('hush-hush');
  expect(asked).toHaveLength(2);
});

test('the status counts generations and tokens and shows lanes', async () => {
  const key = await gateway.newClient();
  await gateway.send(key, '/v1/videos', { json: { prompt: 'x' } });
  const lane = { lane: 'sora:video:any:sora2', tokens: 1, simulated: 1, freeSlots: 3, waiting: 1 };
  await gateway.database.laneState.create({ data: lane });
  const counts = { total: 3, active: 2, needsAttention: 1, disabled: 0 };
  answer = { status: 200, body: JSON.stringify(counts) };
  expect(await (await send('/api/admin/status')).json()).toMatchObject({
    redis: 'ok',
    generations: { queued: 1, running: 0, succeeded: 0, failed: 0, cancelled: 0 },
    lanes: [lane],
    tokens: counts,
  });
  expect(asked.map(({ path }) => path)).toEqual(['/internal/token-counts']);
  answer = { status: 503, body: '' };
  expect(await (await send('/api/admin/status')).json()).toMatchObject({
    tokens: null,
    tokensError: expect.any(String) as string,
  });
});
