import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertAssigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting } from '../factories/insert-waiting.js';
import { deleteOldSamples, readUtilisation, samplePool } from './sample-pool.js';

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
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation, pool_sample CASCADE`;
});

const day = 24 * 3_600_000;
const limits = { slotlessPerToken: 1, quotaMargin: 0 };
const sample = (everyMs = day) =>
  samplePool(database, {
    ...{ targets: ['simulator'], everyMs },
    limits: { image: { ...limits, unlimitedSlots: 7 }, video: { ...limits, unlimitedSlots: 100 } },
  });
const sampleOf = (kind: string) => database.poolSample.findFirstOrThrow({ where: { kind } });

it('counts slots in use, slots of accounts that could work, and all that are switched on', async () => {
  const [works] = [await insertToken(database, { videoLimit: 2, imageLimit: -1 })];
  const [cooling, tired, off, gone] = await Promise.all([
    ...[4, 8, 16, 32].map((videoLimit) => insertToken(database, { videoLimit, imageLimit: 1 })),
  ]);
  await insertToken(database, { target: 'elsewhere', videoLimit: 64 });
  await insertAssigned(database, { tokenId: works });
  await insertAssigned(database, { tokenId: works, request: { kind: 'character' } });
  const inAnHour = new Date(Date.now() + 3_600_000);
  const update = (id: string | undefined, data: object) => database.token.update({ where: { id: id ?? '' }, data });
  await update(cooling, { videoCoolingUntil: inAnHour });
  await update(tired, { remaining: 0, resetsAt: inAnHour });
  await update(off, { state: 'disabled' });
  await update(gone, { hiddenAt: new Date() });
  await insertWaiting(database, { count: 3 });
  await insertWaiting(database, { lane: { kind: 'image', sora2: false } });
  await database.$executeRaw`
    UPDATE generation SET lane = 'of another release' WHERE id = (SELECT id FROM generation WHERE kind = 'image' LIMIT 1)`;
  await sample();
  expect(await sampleOf('video')).toMatchObject({ used: 2, ready: 2, most: 2 + 4 + 8, waiting: 3 });
  expect(await sampleOf('image')).toMatchObject({ used: 0, ready: 7 + 1 + 1, most: 9, waiting: 0 });
});

it('an interval is noted once, by however many', async () => {
  // Longer than all time since 1970: there is no other interval to get into.
  const ages = 200 * 365 * day;
  await Promise.all([sample(ages), sample(ages), sample(ages)]);
  expect(await database.poolSample.count()).toBe(2);
});

it('an empty pool has none of anything', async () => {
  await sample();
  expect(await sampleOf('video')).toMatchObject({ used: 0, ready: 0, most: 0, waiting: 0 });
});

it('is read as a series of means, and forgotten after its time', async () => {
  const now = Date.now();
  const step = 10 * 60_000;
  // Within one step, whenever the test runs.
  const begin = Math.floor(now / step) * step - 2 * step;
  const rows = [
    { at: begin, used: 1, waiting: 0 },
    { at: begin + 60_000, used: 4, waiting: 9 },
    { at: begin + step, used: 2, waiting: 1 },
    { at: now - 3 * 3_600_000, used: 100, waiting: 0 },
    { at: now - 40 * day, used: 100, waiting: 0 },
  ];
  for (const { at, ...row } of rows) {
    await database.poolSample.create({ data: { ...row, at: new Date(at), kind: 'video', ready: 5, most: 6 } });
  }
  const read = await readUtilisation(database, { hours: 2, stepMinutes: 10 });
  expect(read).toEqual({
    stepMinutes: 10,
    image: [],
    video: [
      { at: new Date(begin).toISOString(), used: 2.5, mostUsed: 4, ready: 5, most: 6, waiting: 9, samples: 2 },
      { at: new Date(begin + step).toISOString(), used: 2, mostUsed: 2, ready: 5, most: 6, waiting: 1, samples: 1 },
    ],
  });
  expect(await deleteOldSamples(database, 30)).toBe(false);
  expect(await database.poolSample.count()).toBe(4);
});
