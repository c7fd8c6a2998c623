import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from './client.js';
import { claimTimer } from './timers.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});

const claim = (periodMs: number) => claimTimer(database, 'round', periodMs);

it('gives a round to one of many processes that ask at once', async () => {
  const claims = await Promise.all(Array.from({ length: 8 }, () => claim(60_000)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await claim(60_000)).toBe(false);
});

it('a shortened period takes effect at once, for one process; a lengthened one with the next round', async () => {
  await database.timer.deleteMany();
  expect(await claim(24 * 3_600_000)).toBe(true);
  const claims = await Promise.all(Array.from({ length: 8 }, () => claim(60_000)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await claim(3_600_000)).toBe(false);
});
