import http from 'node:http';
import { waitFor } from '@reelay/testing/wait-for';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  const configuration = { API_KEY: 'configured-key-of-the-tests' };
  gateway = await openTestGateway({
    configuration,
  });
});

afterAll(() => gateway.close());

const documentation = ['/openapi.json', '/docs', '/docs/start.js', '/docs/:fileName'];
const signing = ['/admin/queues/sign-in', '/admin/queues/sign-out'];
const publicPaths = ['/', '/healthz', '/readyz', ...documentation, ...signing];
const video = { prompt: 'a paper boat' };

/** As a path is sent: fetch would tidy it up. */
function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(gateway.url);
    const request = http.request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += data;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject).end();
  });
}

/** The same door under every name an attacker might try. */
function spellings(path: string): string[] {
  const encodedSlash = path.replace('/v1/', '/v1%2f').replace('/api/', '/api%2f');
  const encodedLetter = path.replace('v1', '%761').replace('api', '%61pi');
  return [
    path,
    `/${path}`,
    path.toUpperCase(),
    encodedSlash,
    encodedLetter,
    `${path}/`,
    `${path};x=1`,
    `${path}?key=1`,
    `/.${path}`,
    `http://x${path}`,
  ];
}

test('every route under every spelling is closed to strangers: 401 or 404, never data', async () => {
  const guarded = gateway.routes.entries.filter(
    ({ path }) => !publicPaths.includes(path) && !path.startsWith('/media/'),
  );
  expect(guarded.length).toBeGreaterThan(14);
  const id = 'video_01J00000000000000000000000';
  for (const { method, path } of guarded) {
    const plain = path.replace(/:\w+/g, id);
    const answers = await Promise.all(
      spellings(plain).map(async (spelling) => ({ spelling, ...(await ask(method, spelling)) })),
    );
    for (const { spelling, status } of answers) {
      expect([method, spelling, [400, 401, 404, 405].includes(status)]).toEqual([method, spelling, true]);
      if (spelling.startsWith(plain) && !/[;/]$|;/.test(spelling)) expect([spelling, status]).toEqual([spelling, 401]);
    }
  }
  // Some thousand requests.
}, 120_000);

test('media need a signature, and only the public pages need nothing', async () => {
  expect((await ask('GET', '/media/01J00000000000000000000000.mp4')).status).toBe(403);
  for (const path of publicPaths.filter((each) => !each.includes(':')))
    expect([path, (await ask('GET', path)).status]).toEqual([path, 200]);
});

test('nothing of a body is read before the key is known', async () => {
  const { port } = new URL(gateway.url);
  const status = await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': 5_000_000 };
    const request = http.request({ port, method: 'POST', path: '/v1/videos', headers }, (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
    request.on('error', reject);
    // The rest of the promised body never comes; the answer must not wait for it.
    request.write('{');
  });
  expect(status).toBe(401);
});

test.each([
  ['no header', undefined],
  ['no scheme', 'configured-key-of-the-tests'],
  ['another scheme', 'Basic Y29uZmlndXJlZC1rZXktb2YtdGhlLXRlc3Rz'],
  ['an empty key', 'Bearer '],
  ['a beginning of the key', 'Bearer configured-key-of-the-test'],
  ['the key and more', 'Bearer configured-key-of-the-tests1'],
  ['SQL', "Bearer ' OR 1=1 --"],
  ['a key of 10 kB', `Bearer ${'x'.repeat(10_000)}`],
])('with %s nobody gets in', async (_, authorization) => {
  const { status, body } = await ask('GET', '/v1/models', authorization === undefined ? {} : { authorization });
  expect([status, body]).toEqual([401, expect.stringContaining('invalid_api_key')]);
});

test('the configured key works, in any case of the scheme', async () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
    expect((await ask('GET', '/v1/models', { authorization: `${scheme} configured-key-of-the-tests` })).status).toBe(
      200,
    );
  }
});

test.each([
  ['spaces', 'a key of several words', 'a key of several words'],
  ['umlauts, sent as Latin-1', 'schlüssel der zentrale', 'schlüssel der zentrale'],
  ['umlauts, sent as UTF-8', 'schlüssel der filiale', Buffer.from('schlüssel der filiale').toString('latin1')],
  [
    'characters of any script',
    '十六个字符以上的旧系统接口密钥一二三',
    Buffer.from('十六个字符以上的旧系统接口密钥一二三').toString('latin1'),
  ],
])('a key that was brought in may have %s', async (_, key, sent) => {
  const made = await gateway.send(gateway.adminKey, '/api/admin/api-keys', { json: { name: 'brought in', key } });
  expect(made.status).toBe(200);
  const statusWith = async (value: string) =>
    (await ask('GET', '/v1/models', { authorization: `Bearer ${value}` })).status;
  expect([await statusWith(sent), await statusWith(`${sent}x`)]).toEqual([200, 401]);
});

test('the admin key opens admin routes only, and a client key opens none of them', async () => {
  const client = await gateway.newClient();
  const withKey = (key: string) => ({ authorization: `Bearer ${key}` });
  expect((await ask('GET', '/api/admin/status', withKey(gateway.adminKey))).status).toBe(200);
  expect((await ask('GET', '/v1/models', withKey(gateway.adminKey))).status).toBe(401);
  for (const path of ['/api/admin/status', '/api/admin/tokens', '/api/admin/proxies'])
    expect((await ask('GET', path, withKey(client))).status).toBe(401);
  expect((await ask('DELETE', '/api/admin/tokens/1', withKey(client))).status).toBe(401);
});

test('a revoked key stops working within seconds', async () => {
  const key = await gateway.newClient('revoked-owner');
  expect((await gateway.send(key, '/v1/models')).status).toBe(200);
  await gateway.database.apiKey.updateMany({ where: { ownerId: 'revoked-owner' }, data: { revokedAt: new Date() } });
  await waitFor(async () => (await gateway.send(key, '/v1/models')).status === 401, {
    timeoutMs: 7_000,
    intervalMs: 250,
  });
});

test('what belongs to one owner does not exist for another, by any id and on any route', async () => {
  const [mine, theirs] = await Promise.all([gateway.newClient(), gateway.newClient()]);
  const { id } = (await (await gateway.send(mine, '/v1/videos', { json: video })).json()) as { id: string };
  const ulid = id.slice('video_'.length);
  const paths = [id, ulid, `chatcmpl-${ulid}`, ulid.toLowerCase()].flatMap((each) => [
    `/v1/videos/${each}`,
    `/v1/videos/${each}/content`,
    `/v1/generations/${each}`,
  ]);
  for (const path of paths) {
    const response = await gateway.send(theirs, path);
    expect([path, response.status, await response.text()]).toEqual([
      path,
      404,
      expect.stringContaining('"code":"not_found"'),
    ]);
    const own = path.endsWith('/content') ? [404, 'video_not_ready'] : [200, id];
    const seen = await gateway.send(mine, path);
    expect([path, seen.status, await seen.text()]).toEqual([
      path,
      own[0],
      expect.stringContaining(path.includes('generations') ? ulid : String(own[1])),
    ]);
  }
});

test('two keys of one owner see the same', async () => {
  const [one, other] = await Promise.all([gateway.newClient('family'), gateway.newClient('family')]);
  const { id } = (await (await gateway.send(one, '/v1/videos', { json: video })).json()) as { id: string };
  expect((await gateway.send(other, `/v1/videos/${id}`)).status).toBe(200);
});

test('the use of a key is noted', async () => {
  const key = await gateway.newClient('noted');
  await gateway.send(key, '/v1/models');
  const isNoted = async () =>
    (await gateway.database.apiKey.findFirst({ where: { ownerId: 'noted' } }))?.lastUsedAt != null;
  await waitFor(isNoted, { timeoutMs: 20_000 });
});
