/** The board of queues through a whole gateway on real Postgres and Redis: who gets in, what may be done, and that Redis may be away. */
import http from 'node:http';
import { writeSettings } from '@reelay/db/settings';
import { createLogger } from '@reelay/platform/logger';
import { Queues } from '@reelay/platform/queues';
import { closeRedis, createRedis } from '@reelay/platform/redis';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { FaultProxy } from '@reelay/testing/fault-proxy';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  gateway = await start(redis.url);
  const producer = createRedis({ url: redis.url, role: 'worker', log: silent });
  const queues = new Queues({ redis: producer, log: silent, prefix: redis.prefix });
  await waitFor(() => producer.status === 'ready', soon);
  await queues.enqueue('run', { generationId: 'generation-to-be-seen' });
  await queues.enqueue('poll', { tokenId: 'token-to-be-seen' }, { delayMs: 600_000 });
  await queues.close();
  await closeRedis(producer);
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([testDatabase.drop(), redis.close()]);
});

const soon = { timeoutMs: 20_000, intervalMs: 20 };
const silent = createLogger({ app: 'test', level: 'silent' });
const start = (redisUrl: string) =>
  startTestGateway({ databaseUrl: testDatabase.url, redisUrl, redisPrefix: redis.prefix });

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** Like a browser without a script: redirects are shown and not followed, headers are ours alone. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(gateway.url);
    const request = http.request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (data) => {
        text += data;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject).end(body);
  });
}

const sameOrigin = { 'sec-fetch-site': 'same-origin' };
const elsewhere: Record<string, string>[] = [{ 'sec-fetch-site': 'cross-site' }, { origin: 'null' }, {}];
const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const signIn = (form: Record<string, string>, headers: Record<string, string> = sameOrigin) =>
  ask(
    'POST',
    '/admin/queues/sign-in',
    { ...page, ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    new URLSearchParams(form).toString(),
  );

async function signedIn(): Promise<{ cookie: string }> {
  const { headers } = await signIn({ key: gateway.adminKey });
  return { cookie: headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '' };
}

const errorOf = ({ status, body }: Answer) => [status, (JSON.parse(body) as { error: { code: string } }).error.code];

test('without a session a browser is led to the form and back, and everybody else gets a 401 of ours', async () => {
  const led = await ask('GET', '/admin/queues/queue/run?page=2', page);
  expect([led.status, led.headers.location, led.headers['cache-control']]).toEqual([
    ...[303, '/admin/queues/sign-in?next=%2Fadmin%2Fqueues%2Fqueue%2Frun%3Fpage%3D2', 'no-store'],
  ]);
  const form = await ask('GET', led.headers.location ?? '', page);
  expect([form.status, form.body]).toEqual([200, expect.stringContaining('value="/admin/queues/queue/run?page=2"')]);
  for (const path of [
    '/admin/queues',
    '/admin/queues/',
    '/admin/queues/api/queues',
    '/admin/queues/static/favicon.ico',
  ])
    expect([path, ...errorOf(await ask('GET', path))]).toEqual([path, 401, 'invalid_api_key']);
  for (const path of ['/admin/queues/api/queues/pause', '/admin/queues/api/queues/run/empty'])
    expect(errorOf(await ask('PUT', path, { ...page, ...sameOrigin }))).toEqual([401, 'invalid_api_key']);
});

test('the right key opens the board for an hour with a cookie that scripts and other sites never see', async () => {
  const answer = await signIn({ key: gateway.adminKey, next: '/admin/queues/queue/run' });
  expect([answer.status, answer.headers.location]).toEqual([303, '/admin/queues/queue/run']);
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  expect(cookie).toMatch(/^reelay_board=\d{10}\.[\w-]{43}; Path=\/admin; Max-Age=3600; HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain(gateway.adminKey);
  const headers = { cookie: cookie.split(';', 1)[0] ?? '' };
  const board = await ask('GET', '/admin/queues/queue/run', { ...headers, ...page });
  expect([board.status, board.headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
  expect(board.headers).toMatchObject({
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as string,
  });
  expect(Number(board.headers.refresh)).toBeGreaterThan(3_000);
  const script = /static\/js\/main[\w.]+/.exec(board.body)?.[0];
  expect((await ask('GET', `/admin/queues/${script}`, headers)).status).toBe(200);
  // The cookie is for the board: it opens no API.
  expect((await ask('GET', '/api/admin/status', headers)).status).toBe(401);
});

test('all queues are shown with their jobs, to a session and to the admin key itself', async () => {
  const query = '?activeQueue=run&status=waiting&page=1&jobsPerPage=10';
  for (const headers of [await signedIn(), { authorization: `Bearer ${gateway.adminKey}` }]) {
    const answer = await ask('GET', `/admin/queues/api/queues${query}`, headers);
    const { queues } = JSON.parse(answer.body) as {
      queues: { name: string; readOnlyMode: boolean; jobs: unknown[] }[];
    };
    expect(queues.map(({ name }) => name).sort()).toEqual(['dispatch', 'finish', 'poll', 'run', 'webhook']);
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
    expect(queues.find(({ name }) => name === 'run')?.jobs).toMatchObject([
      { data: { generationId: 'generation-to-be-seen' } },
    ]);
  }
  const client = await gateway.newClient();
  expect((await ask('GET', '/admin/queues/api/queues', { authorization: `Bearer ${client}` })).status).toBe(401);
  // A session does not make up for a wrong key.
  const both = { ...(await signedIn()), authorization: `Bearer ${client}` };
  expect((await ask('GET', '/admin/queues/api/queues', both)).status).toBe(401);
});

test('nothing can be changed unless the setting allows it, whatever the page shows', async () => {
  const headers = { ...(await signedIn()), ...sameOrigin };
  const key = { authorization: `Bearer ${gateway.adminKey}` };
  const changing = gateway.routes.entries.filter(
    ({ method, path }) => path.startsWith('/admin/queues/api/') && method !== 'GET' && method !== 'HEAD',
  );
  expect(changing.length).toBeGreaterThan(10);
  for (const { method, path } of changing)
    expect([path, ...errorOf(await ask(method, path, headers))]).toEqual([path, 403, 'insufficient_permissions']);
  expect(errorOf(await ask('PUT', '/admin/queues/api/queues/run/pause', key))).toEqual([
    403,
    'insufficient_permissions',
  ]);

  await writeSettings(gateway.database, { 'board.allowActions': true });
  const pause = () => ask('PUT', '/admin/queues/api/queues/run/pause', headers);
  await waitFor(async () => (await pause()).status === 200, soon);
  // From another site, or without saying from where, a session alone changes nothing.
  for (const from of [...elsewhere, { origin: 'https://evil.example' }]) {
    const answer = await ask('PUT', '/admin/queues/api/queues/run/resume', { cookie: headers.cookie, ...from });
    expect([from, ...errorOf(answer)]).toEqual([from, 403, 'insufficient_permissions']);
  }
  const resumed = await ask('PUT', '/admin/queues/api/queues/run/resume', key);
  expect(resumed.status).toBe(200);
  const added = await ask(
    'POST',
    '/admin/queues/api/queues/finish/add',
    { ...headers, 'content-type': 'application/json' },
    JSON.stringify({ name: 'finish', data: { generationId: 'added-by-hand' }, options: {} }),
  );
  expect([added.status, added.body]).toEqual([200, expect.stringContaining('added-by-hand')]);
  const unread = { ...headers, 'content-type': 'text/plain' };
  expect((await ask('POST', '/admin/queues/api/queues/finish/add', unread, '{}')).status).toBe(415);
  await writeSettings(gateway.database, { 'board.allowActions': false });
  await waitFor(async () => (await pause()).status === 403, soon);
});

test("Bull Board's own refusals have our shape too", async () => {
  const headers = { authorization: `Bearer ${gateway.adminKey}` };
  expect(JSON.parse((await ask('GET', '/admin/queues/api/queues/run/no-such-job', headers)).body)).toMatchObject({
    error: { code: 'not_found', type: 'invalid_request_error', param: null, message: expect.any(String) as string },
  });
  expect(errorOf(await ask('GET', '/admin/queues/no/such/page', headers))).toEqual([404, 'route_not_found']);
  expect(errorOf(await ask('GET', '/admin/queues/static/no-such-file', headers))).toEqual([404, 'route_not_found']);
});

test('wrong keys are answered with the form, in the language of the reader, then with a pause', async () => {
  const from = { ...sameOrigin, 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' };
  const wrong = await signIn({ key: 'a-wrong-key-of-the-tests', next: '/admin/queues/queue/poll"><script>' }, from);
  expect([wrong.status, wrong.headers['set-cookie']]).toEqual([401, undefined]);
  expect(wrong.body).toContain('管理员密钥不正确');
  expect(wrong.body).not.toContain('a-wrong-key-of-the-tests');
  expect(wrong.body).not.toContain('"><script>');
  expect(wrong.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'same-origin' });
  expect((await signIn({}, sameOrigin)).body).toContain('This is not the admin key');
  await waitFor(async () => (await signIn({ key: 'wrong' })).status === 429, soon);
  const refused = await signIn({ key: gateway.adminKey });
  expect([refused.status, refused.headers['set-cookie'], refused.body]).toEqual([
    ...[429, undefined, expect.stringContaining('Try again in')],
  ]);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(gateway.logLines.join('')).not.toContain('a-wrong-key-of-the-tests');
});

test('a form of another site neither signs in nor out', async () => {
  for (const from of elsewhere) {
    expect(errorOf(await signIn({ key: gateway.adminKey }, from))).toEqual([403, 'insufficient_permissions']);
    expect((await ask('POST', '/admin/queues/sign-out', from)).status).toBe(403);
  }
  const out = await ask('POST', '/admin/queues/sign-out', { origin: gateway.url });
  expect([out.status, out.headers['set-cookie']]).toEqual([
    ...[303, ['reelay_board=; Path=/admin; Max-Age=0; HttpOnly; SameSite=Strict']],
  ]);
});

test('while Redis is away the board says so, and shows its queues again afterwards', async () => {
  const proxy = await FaultProxy.open(redis.url);
  const other = await start(proxy.through(redis.url));
  const read = (path: string) => other.send(other.adminKey, `/admin/queues${path}`);
  try {
    await waitFor(async () => (await read('/api/queues')).status === 200, soon);
    expect((await read('/api/queues/run/no-such-job/flow')).status).toBe(404);
    proxy.set({ isRefusing: true });
    proxy.reset();
    await waitFor(async () => (await read('/api/queues')).status === 503, soon);
    const answer = await read('/api/redis/stats');
    expect([answer.status, await answer.json()]).toMatchObject([
      ...[503, { error: { code: 'service_unavailable', type: 'server_error', key: 'ERRORS.REDIS_UNAVAILABLE' } }],
    ]);
    expect((await read('')).status).toBe(200);
    proxy.heal();
    await waitFor(async () => (await read('/api/queues')).status === 200, soon);
    expect((await read('/api/redis/stats')).status).toBe(200);
  } finally {
    await other.close();
    await proxy.close();
  }
  expect(other.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
