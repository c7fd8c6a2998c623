import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from './client.js';
import { takeTurn } from './pace.js';

let file: TestDatabase;
let replicas: Database[];

beforeAll(async () => {
  file = await createTestDatabase();
  replicas = [1, 2].map((no) => createDatabase({ url: file.url, applicationName: `test ${no}`, poolSize: 4 }));
});
afterAll(async () => {
  await Promise.all(replicas.map((database) => database.$disconnect()));
  await file.drop();
});

const askAll = (name: string, count: number, pace: { perMinute: number; burst: number }) =>
  Promise.all(Array.from({ length: count }, (_, no) => takeTurn(replicas[no % 2]!, name, pace)));

test('lets no more than the burst go ahead at once, however many ask from however many processes', async () => {
  // One a minute: none is added while the test runs for less than that.
  const waits = await askAll('slow', 40, { perMinute: 1, burst: 7 });
  expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(7);
  for (const waitMs of waits) expect(waitMs).toBeLessThanOrEqual(60_000);
});

test('goes on by time', async () => {
  const pace = { perMinute: 1, burst: 3 };
  await askAll('timed', 5, pace);
  await replicas[0]!.$executeRaw`UPDATE timer SET next_at = next_at - interval '2 minutes' WHERE name = 'timed'`;
  expect((await askAll('timed', 5, pace)).filter((waitMs) => waitMs === 0)).toHaveLength(2);
});

test('a slower setting of before holds nobody up', async () => {
  await askAll('loosened', 5, { perMinute: 1, burst: 5 });
  expect(await takeTurn(replicas[0]!, 'loosened', { perMinute: 600, burst: 5 })).toBe(0);
});

test('one thing does not take the turn of another', async () => {
  await askAll('one', 3, { perMinute: 1, burst: 3 });
  expect(await takeTurn(replicas[0]!, 'other', { perMinute: 1, burst: 3 })).toBe(0);
});
