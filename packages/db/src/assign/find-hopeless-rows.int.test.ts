import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { findHopelessRows } from './find-hopeless-rows.js';

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

const lane = { ...videoLane, plan: 'pro' } as const;
const hopeless = (graceMs = 0) => findHopelessRows(database, { lane, graceMs, limit: 10 });

it('gives up rows that nobody could serve any more, but not while the last who could was deleted a moment ago', async () => {
  await insertToken(database, { plan: 'plus' });
  const id = await insertToken(database, { plan: 'pro' });
  const rows = await insertWaiting(database, { count: 2, lane });
  const change = (data: object) => database.token.update({ where: { id }, data });
  for (const data of [{ state: 'needs_attention' }, { state: 'disabled' }, { videoEnabled: false }, { plan: null }]) {
    await change(data);
    expect(await hopeless()).toEqual([]);
  }
  await change({ plan: 'pro', hiddenAt: new Date() });
  expect((await hopeless()).sort()).toEqual(rows);
  expect(await hopeless(3_600_000)).toEqual([]);
  await change({ hiddenAt: new Date(Date.now() - 7_200_000) });
  expect((await hopeless(3_600_000)).sort()).toEqual(rows);
  await insertToken(database, { plan: 'pro' });
  expect(await hopeless()).toEqual([]);
});
