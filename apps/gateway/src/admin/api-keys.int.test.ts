/** Clients' keys as an operator makes, changes and deletes them, and what never leaves the installation. */
import { inspect } from 'node:util';
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import type { ApiKeyList, ApiKeyView, CreatedApiKey } from '@reelay/contracts/api-keys';
import { waitFor } from '@reelay/testing/wait-for';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await openTestGateway({ configuration: { API_KEY: 'configured-key-of-the-tests' } });
});
afterAll(() => gateway.close());

const everything = { depth: null, maxArrayLength: null, maxStringLength: null };
const path = '/api/admin/api-keys';

/** Held against the description of the route: what its schema does not know would be missing. */
async function call<Answer>(operation: string, { id = '', query = '', json }: Call = {}): Promise<Answer> {
  const route = adminRoutes.find((candidate) => candidate.operation === operation)!;
  const response = await send(`${route.path.replace(':id', id)}${query}`, route.method, json);
  const answer = (await response.json()) as unknown;
  expect([operation, response.status, answer]).toEqual([operation, 200, expect.anything()]);
  expect(route.response.parse(answer)).toEqual(answer);
  return answer as Answer;
}

interface Call {
  id?: string;
  query?: string;
  json?: unknown;
}

const send = (url: string, method: string, json?: unknown) =>
  gateway.send(gateway.adminKey, url, { method, ...(json === undefined ? {} : { json }) });
const errorOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; param: string | null; message: string } };
  return { status: response.status, ...error };
};
const create = (json: object) => call<CreatedApiKey>('createApiKey', { json: { name: 'test', ...json } });
const statusWith = async (key: string) => (await gateway.send(key, '/v1/models')).status;

test('a key that was made works at once and is shown this once', async () => {
  const { key = '', ...made } = await create({ name: 'shop' });
  expect(key).toMatch(/^rly_[0-9A-Za-z]{43}$/);
  expect(made).toMatchObject({ name: 'shop', ownerId: made.id, prefix: key.slice(0, 8), state: 'active', priority: 0 });
  expect(made).toMatchObject({ allowedModels: null, dailyQuota: null, concurrentLimit: null, expiresAt: null });
  expect(await statusWith(key)).toBe(200);
  expect(await call('showApiKey', { id: made.id })).toEqual({ ...made, lastUsedAt: expect.anything() as unknown });
  const changed = await call<ApiKeyView>('changeApiKey', { id: made.id, json: { name: 'web shop' } });
  const texts = [await call('listApiKeys'), changed, gateway.logLines, await gateway.database.apiKey.findMany()];
  for (const text of texts) expect(inspect(text, everything)).not.toContain(key);
});

test('a key that clients have already is brought in and never shown', async () => {
  const key = 'sk-of-another-system!';
  const made = await create({ key, ownerId: 'shop@example.org' });
  expect(made).toMatchObject({ prefix: 'sk-', ownerId: 'shop@example.org' });
  expect('key' in made).toBe(false);
  expect(await statusWith(key)).toBe(200);
  expect(JSON.stringify([made, gateway.logLines])).not.toContain(key);
});

test.each<[string, object, string]>([
  ['too short a key', { key: 'fifteen-letters' }, 'key'],
  ['a key that no header can carry', { key: 'sixteen letters\nand more' }, 'key'],
  ['a key that exists', { key: 'configured-key-of-the-tests' }, 'key'],
  ['the admin key', { key: 'admin-key-of-the-tests-1' }, 'key'],
  ['a model that nobody knows', { allowedModels: ['sora2-landscape-10s', 'sora-9'] }, 'allowedModels[1]'],
  ['no model at all', { allowedModels: [] }, 'allowedModels'],
  ['a kind that nobody knows', { allowedKinds: ['music'] }, 'allowedKinds[0]'],
  ['a quota of another kind', { dailyQuota: { music: 1 } }, 'dailyQuota.music'],
  ['half a generation', { dailyQuota: { video: 0.5 } }, 'dailyQuota.video'],
  ['less than nothing', { concurrentLimit: -1 }, 'concurrentLimit'],
  ['a priority beyond all others', { priority: 1_000 }, 'priority'],
  ['an owner with a space', { ownerId: 'a b' }, 'ownerId'],
  ['a day without a time', { expiresAt: '2027-01-01' }, 'expiresAt'],
  ['a field that does not exist', { dailyquota: {} }, 'dailyquota'],
])('%s is refused by name', async (_, json, param) => {
  const error = await errorOf(await send(path, 'POST', { name: 'test', ...json }));
  expect(error).toMatchObject({ status: 400, param });
  expect(error.message).not.toContain('configured-key-of-the-tests');
});

test('a change touches what it names, and null takes a limit away', async () => {
  const limits = { dailyQuota: { video: 5, image: 0 }, concurrentLimit: 2, allowedKinds: ['video'], priority: -3 };
  const { key: _, ...made } = await create(limits);
  expect(made).toMatchObject(limits);
  const json = { concurrentLimit: null, dailyQuota: { video: 6 }, expiresAt: '2030-01-01T00:00:00+02:00' };
  const changed = await call<ApiKeyView>('changeApiKey', { id: made.id, json });
  expect(changed).toEqual({ ...made, ...json, expiresAt: '2029-12-31T22:00:00.000Z' });
  expect(await call('changeApiKey', { id: made.id, json: {} })).toEqual(changed);
});

test('a key that is revoked stops within seconds, and works again when it is let in again', async () => {
  const { id, key = '' } = await create({});
  expect(await statusWith(key)).toBe(200);
  expect(await call('changeApiKey', { id, json: { revoked: true } })).toMatchObject({ state: 'revoked' });
  await waitFor(async () => (await statusWith(key)) === 401, { timeoutMs: 20_000, intervalMs: 250 });
  expect(await call('changeApiKey', { id, json: { revoked: false } })).toMatchObject({
    state: 'active',
    revokedAt: null,
  });
  expect(await statusWith(key)).toBe(200);
  const past = '2020-01-01T00:00:00Z';
  expect(await call('changeApiKey', { id, json: { expiresAt: past } })).toMatchObject({ state: 'expired' });
  await waitFor(async () => (await statusWith(key)) === 401, { timeoutMs: 20_000, intervalMs: 250 });
});

test('a deleted key is gone for good, its bill stays, and its text may be brought in again', async () => {
  const key = 'brought-in-twice-over';
  const { id } = await create({ key });
  await call('deleteApiKey', { id });
  for (const [method, json] of [['GET'], ['PATCH', { name: 'x' }], ['DELETE']] as const)
    expect(await errorOf(await send(`${path}/${id}`, method, json))).toMatchObject({ status: 404, code: 'not_found' });
  expect(await call('showApiKeyUsage', { id })).toMatchObject({ api_key_id: id, total: { accepted: 0 } });
  expect((await send(`${path}/unknown/usage`, 'GET')).status).toBe(404);
  expect(await statusWith(key)).toBe(401);
  const again = await create({ key });
  expect(again.id).not.toBe(id);
  expect(await statusWith(key)).toBe(200);
});

test('the list is walked page by page without a gap, also behind one that was deleted meanwhile', async () => {
  const ownerId = 'walked';
  const made: string[] = [];
  for (let n = 0; n < 5; n += 1) made.unshift((await create({ ownerId })).id);
  await call('changeApiKey', { id: made[3]!, json: { revoked: true } });
  const page = (query: string) => call<ApiKeyList>('listApiKeys', { query: `?ownerId=${ownerId}&${query}` });
  const first = await page('limit=2');
  expect(first.data.map(({ id }) => id)).toEqual(made.slice(0, 2));
  await call('deleteApiKey', { id: first.next ?? '' });
  const second = await page(`limit=2&after=${first.next}`);
  const last = await page(`limit=2&after=${second.next}`);
  expect([...second.data, ...last.data].map(({ id }) => id)).toEqual(made.slice(2));
  expect([second.next, last.next]).toEqual([made[3], null]);
  expect((await page('state=revoked')).data.map(({ id }) => id)).toEqual([made[3]]);
  expect((await send(`${path}?limit=0`, 'GET')).status).toBe(400);
  expect((await send(`${path}?state=odd`, 'GET')).status).toBe(400);
});

test('keys of one owner see the same, keys of others nothing of it', async () => {
  const [one, other] = [await create({ ownerId: 'family' }), await create({ ownerId: 'family' })];
  const stranger = await create({});
  const video = { json: { prompt: 'a paper boat' } };
  const { id } = (await (await gateway.send(one.key, '/v1/videos', video)).json()) as { id: string };
  const statuses = [one, other, stranger].map(async ({ key }) => (await gateway.send(key, `/v1/videos/${id}`)).status);
  expect(await Promise.all(statuses)).toEqual([200, 200, 404]);
});

test('a client’s key may do nothing of this', async () => {
  const { key } = await create({});
  for (const [method, url] of [
    ['GET', path],
    ['POST', path],
    ['DELETE', `${path}/default`],
  ] as const)
    expect((await gateway.send(key, url, { method })).status).toBe(401);
});
