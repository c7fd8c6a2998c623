import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertWaiting } from '../factories/insert-waiting.js';
import { findPlace } from './find-place.js';
import { LongLines, type WaitingRow } from './long-lines.js';

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
  await database.$executeRaw`TRUNCATE generation, lane_state CASCADE`;
});

const rowOf = (id: string): Promise<WaitingRow> =>
  database.generation.findUniqueOrThrow({
    where: { id },
    select: { id: true, lane: true, priority: true, createdAt: true, notBefore: true },
  });

/** With a clock that the test moves. */
function linesAt() {
  const clock = { ms: 0 };
  const lines = new LongLines({ database, now: () => clock.ms });
  const placeOf = async (id: string) => lines.findPlace(await rowOf(id));
  return { clock, placeOf };
}

const drop = (ids: readonly string[]) => database.generation.deleteMany({ where: { id: { in: [...ids] } } });

describe('a place in a long line', () => {
  it('is that which is counted', async () => {
    const rows = await insertWaiting(database, { count: 60 });
    const [urgent] = await insertWaiting(database, { priority: 1, ageMs: 1 });
    const { placeOf } = linesAt();
    for (const id of [urgent!, rows[0]!, rows[59]!]) {
      const counted = await findPlace(database, id);
      expect(await placeOf(id)).toEqual(counted);
    }
  });

  it('is at most a second old', async () => {
    const rows = await insertWaiting(database, { count: 60 });
    const { clock, placeOf } = linesAt();
    expect(await placeOf(rows[59]!)).toMatchObject({ position: 60 });
    await drop(rows.slice(0, 5));
    clock.ms = 999;
    expect(await placeOf(rows[59]!)).toMatchObject({ position: 60 });
    clock.ms = 1_000;
    expect(await placeOf(rows[59]!)).toMatchObject({ position: 55 });
  });

  it('is the end for what is heard of after the line was read, and is counted for what may be among the first', async () => {
    await insertWaiting(database, { count: 60 });
    const [first] = await insertWaiting(database, { ageMs: 90_000 });
    const { placeOf } = linesAt();
    expect(await placeOf(first!)).toMatchObject({ position: 1 });
    const [next, last] = await insertWaiting(database, { count: 2, ageMs: 10 });
    for (const _ of [1, 2]) expect(await placeOf(next!)).toMatchObject({ position: 62 });
    expect(await placeOf(last!)).toMatchObject({ position: 63 });
    const [urgent] = await insertWaiting(database, { priority: 1, ageMs: 1 });
    expect(await placeOf(urgent!)).toMatchObject({ position: 1 });
  });

  it('says no more than that a thousand are before it', async () => {
    const rows = await insertWaiting(database, { count: 1_200 });
    const { placeOf } = linesAt();
    expect(await placeOf(rows[999]!)).toMatchObject({ position: 1_000 });
    const [last] = await insertWaiting(database, { ageMs: 1 });
    for (const id of [rows[1_000]!, last!]) expect(await placeOf(id)).toMatchObject({ position: 1_001 });
  });
});

it('a place in a short line is counted each time', async () => {
  const rows = await insertWaiting(database, { count: 3 });
  const { placeOf } = linesAt();
  expect(await placeOf(rows[2]!)).toMatchObject({ position: 3 });
  await drop(rows.slice(0, 1));
  expect(await placeOf(rows[2]!)).toMatchObject({ position: 2 });
  const row = await rowOf(rows[1]!);
  await drop(rows);
  expect(await new LongLines({ database }).findPlace(row)).toBeUndefined();
});
