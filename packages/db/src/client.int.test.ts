import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { FaultProxy } from '@reelay/testing/fault-proxy';
import { createDatabase } from './client.js';
import { isOutage } from './outage.js';

let clone: TestDatabase;
let proxy: FaultProxy;
beforeAll(async () => {
  clone = await createTestDatabase();
  proxy = await FaultProxy.open(clone.url);
});
afterAll(async () => {
  await proxy.close();
  await clone.drop();
});

test('a server that falls silent without a reset is an outage, and the next query has a fresh connection', async () => {
  const database = createDatabase({
    url: proxy.through(clone.url),
    applicationName: 'test',
    poolSize: 1,
    queryTimeoutMs: 500,
  });
  await database.$queryRaw`SELECT 1`;
  proxy.set({ isBlackhole: true });
  const failure: unknown = await database.$queryRaw`SELECT 2`.catch((error: unknown) => error);
  expect(isOutage(failure)).toBe(true);
  proxy.set({});
  expect(await database.$queryRaw`SELECT 3 AS three`).toEqual([{ three: 3 }]);
  await database.$disconnect();
});
