import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { isOutage } from '../outage.js';
import { ensureApiKey } from './ensure-api-key.js';
import { findApiKey, noteApiKeyUse } from './find-api-key.js';
import { findApiKeyView } from './list-api-keys.js';
import { deleteApiKey } from './store-api-key.js';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, applicationName: 'test' });
});

afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

const mac = (digit: string) => digit.repeat(64);
const byDefault = {
  ...{ apiKeyId: 'default', ownerId: 'default' },
  ...{ allowedModels: null, allowedKinds: null, requestsPerMinute: null },
};
const key = (id: string, macHex: string) => ({ id, ownerId: id, name: id, prefix: 'abc', macHex });

test('a configured key works, and after a change the old secret does not', async () => {
  await ensureApiKey(database, key('default', mac('1')));
  await ensureApiKey(database, key('default', mac('1')));
  expect(await findApiKey(database, mac('1'))).toEqual(byDefault);
  await ensureApiKey(database, key('default', mac('2')));
  expect(await findApiKey(database, mac('1'))).toBeUndefined();
  expect(await findApiKey(database, mac('2'))).toEqual(byDefault);
});

test('a configured key that was deleted is there again after the next start, with its new secret too', async () => {
  await ensureApiKey(database, key('deleted', mac('6')));
  expect(await deleteApiKey(database, 'deleted')).toBe(true);
  expect(await deleteApiKey(database, 'deleted')).toBe(false);
  expect(await findApiKey(database, mac('6'))).toBeUndefined();
  await ensureApiKey(database, key('deleted', mac('6')));
  expect(await findApiKey(database, mac('6'))).toMatchObject({ apiKeyId: 'deleted' });
  expect(await findApiKeyView(database, 'deleted')).toMatchObject({ state: 'active' });
});

test('a secret that another key has already stays with that key', async () => {
  await ensureApiKey(database, key('first', mac('3')));
  await ensureApiKey(database, key('second', mac('3')));
  expect(await findApiKey(database, mac('3'))).toMatchObject({ apiKeyId: 'first' });
});

test('a revoked or expired key is nobody', async () => {
  await ensureApiKey(database, key('gone', mac('4')));
  await database.apiKey.update({ where: { id: 'gone' }, data: { revokedAt: new Date() } });
  expect(await findApiKey(database, mac('4'))).toBeUndefined();
  await database.apiKey.update({
    where: { id: 'gone' },
    data: { revokedAt: null, expiresAt: new Date(Date.now() - 1) },
  });
  expect(await findApiKey(database, mac('4'))).toBeUndefined();
});

test('the use of a key is written at most once a minute', async () => {
  await ensureApiKey(database, key('used', mac('5')));
  const lastUse = async () => (await database.apiKey.findUniqueOrThrow({ where: { id: 'used' } })).lastUsedAt;
  expect(await lastUse()).toBeNull();
  await noteApiKeyUse(database, 'used');
  const first = await lastUse();
  await noteApiKeyUse(database, 'used');
  expect(await lastUse()).toEqual(first);
});

describe('an outage', () => {
  test('is a server that cannot be reached or ends the connection', async () => {
    const nowhere = createDatabase({ url: 'postgresql://nobody@127.0.0.1:1/x', applicationName: 'test' });
    const errors = await Promise.all([
      nowhere.$queryRaw`SELECT 1`.catch((error: unknown) => error),
      nowhere.owner.count().catch((error: unknown) => error),
      nowhere.$transaction(async (tx) => tx.owner.count()).catch((error: unknown) => error),
      database.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())::text`.catch((error: unknown) => error),
    ]);
    expect(errors.map(isOutage)).toEqual([true, true, true, true]);
    await nowhere.$disconnect();
  });

  test('is not a statement that is wrong', async () => {
    const errors = await Promise.all([
      database.$queryRaw`SELECT 1/0`.catch((error: unknown) => error),
      database.$executeRaw`INSERT INTO owner (id) VALUES (NULL)`.catch((error: unknown) => error),
    ]);
    expect(errors.map(isOutage)).toEqual([false, false]);
    expect(isOutage(new Error('x'))).toBe(false);
    expect(isOutage(undefined)).toBe(false);
  });
});
