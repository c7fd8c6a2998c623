import { operatorEventPageSchema } from '@reelay/contracts/operator-events';
import { poolStatisticsSchema, poolUtilisationSchema, tokenStatisticsSchema } from '@reelay/contracts/statistics';
import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import { writeSettings } from '@reelay/db/settings';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let tokenId: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'statistics.timeZone': 'Asia/Tokyo' },
  });
  const { database } = gateway;
  tokenId = await insertToken(database, { videoLimit: -1, imageLimit: 0 });
  const { generationId } = await insertAssigned(database, { tokenId });
  await failGeneration(database, generationId, { code: 'upstream_timeout', message: 'It took too long.' });
  const reason = 'credential_unavailable: The refresh token was refused.';
  await applyTokenEvent(database, tokenId, { type: 'credential_rejected', reason });
  const sample = { at: new Date(), kind: 'video', used: 1, ready: 2, most: 3, waiting: 4 };
  await database.poolSample.create({ data: sample });
});
afterAll(() => gateway.close());

async function read(path: string): Promise<unknown> {
  const response = await gateway.send(gateway.adminKey, path);
  expect(response.status).toBe(200);
  return response.json();
}

test('the pool: totals, as many days as were asked for, and the last error explained', async () => {
  const pool = poolStatisticsSchema.strict().parse(await read('/api/admin/statistics?days=3'));
  expect(pool).toMatchObject({
    timeZone: 'Asia/Tokyo',
    total: { all: { failed: 1, faults: 1, successRate: 0, meanDurationMs: null }, kinds: { video: { failed: 1 } } },
    lastError: { code: 'credential_unavailable', message: 'The refresh token was refused.' },
    accounts: { total: 1, active: 0, needsAttention: 1, disabled: 0 },
  });
  expect(pool.days).toHaveLength(3);
  expect(pool.days[2]).toEqual(pool.today);
  expect(poolStatisticsSchema.parse(await read('/api/admin/statistics')).days).toHaveLength(14);
});

test('an account: the same, and how much of it is in use', async () => {
  const found = tokenStatisticsSchema.strict().parse(await read(`/api/admin/tokens/${tokenId}/statistics`));
  expect(found).toMatchObject({
    id: tokenId,
    total: { all: { failed: 1, faults: 1 } },
    lastError: { source: 'account', explanation: expect.stringContaining('no usable credential') },
    today: { utilisation: { image: null } },
    slots: { video: { limit: -1 }, image: { used: 0, limit: 0 } },
  });
  // The limit −1 is that of the settings, not nothing.
  expect(found.today.utilisation.video).toEqual(expect.any(Number));
});

test('one that never was is not found', async () => {
  const response = await gateway.send(gateway.adminKey, '/api/admin/tokens/nobody/statistics');
  expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'not_found' } }]);
});

test('the series of utilisation', async () => {
  const series = poolUtilisationSchema
    .strict()
    .parse(await read('/api/admin/statistics/utilisation?hours=2&stepMinutes=5'));
  expect(series).toMatchObject({ stepMinutes: 5, image: [], video: [{ used: 1, ready: 2, most: 3, waiting: 4 }] });
});

test('events for operators', async () => {
  const { data, next } = operatorEventPageSchema.strict().parse(await read('/api/admin/events?limit=5'));
  expect([data, next]).toMatchObject([[{ type: 'token.needs_attention', subject: tokenId }], null]);
  expect(await read('/api/admin/events?type=pool.exhausted')).toEqual({ data: [], next: null });
});

test.each([
  ['statistics?days=0', 'days'],
  ['statistics?days=many', 'days'],
  ['statistics?days=1&days=2', 'days'],
  ['statistics/utilisation?hours=800&stepMinutes=1', 'stepMinutes'],
  ['events?type=anything', 'type'],
  ['events?after=x', 'after'],
  ['events?limit=1000', 'limit'],
])('%s is refused by the name of what is wrong', async (path, param) => {
  const response = await gateway.send(gateway.adminKey, `/api/admin/${path}`);
  expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'invalid_value', param } }]);
});

test.each(['statistics', 'statistics/utilisation', 'events', 'tokens/x/statistics'])(
  '%s is for admins only',
  async (path) => {
    const client = await gateway.newClient();
    expect((await gateway.send(undefined, `/api/admin/${path}`)).status).toBe(401);
    expect((await gateway.send(client, `/api/admin/${path}`)).status).toBe(401);
  },
);

test('a time zone that does not exist is UTC', async () => {
  await writeSettings(gateway.database, { 'statistics.timeZone': 'Mars/Olympus' });
  const response = await gateway.send(gateway.adminKey, '/api/admin/statistics');
  expect(response.status).toBe(200);
});
