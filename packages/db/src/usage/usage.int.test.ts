/** What is booked and at which price, and what a key reads of it. */
import type { UsageQuery } from '@reelay/contracts/usage';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertGeneration } from '../factories/insert-generation.js';
import { insertWaiting } from '../factories/insert-waiting.js';
import { cancelLocked } from '../generations/cancel-generation.js';
import { writeSettings } from '../settings.js';
import { inTransaction } from '../transaction.js';
import { bookUsage } from './book-usage.js';
import { readUsage } from './read-usage.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
  for (const apiKeyId of ['key', 'other']) await insertWaiting(database, { apiKeyId });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE usage, setting`;
});

const model = 'sora2-landscape-10s';
/** No day ends there while the tests run. */
const quietZone = Math.abs(new Date().getUTCHours() - 12) < 8 ? 'UTC' : 'Etc/GMT+12';
const book = (generationId: string) => inTransaction(database, (tx) => bookUsage(tx, generationId));
const costOf = async (generationId: string) => {
  const { state, cost, currency } = await database.usage.findUniqueOrThrow({ where: { generationId } });
  return { state, cost: cost?.toNumber() ?? null, currency };
};

describe('booking', () => {
  it('takes the price of its moment, once', async () => {
    await writeSettings(database, { 'price.models': { [model]: 0.1 }, 'price.currency': 'EUR' });
    const id = await insertGeneration(database);
    await book(id);
    await writeSettings(database, { 'price.models': { [model]: 9 }, 'price.currency': 'USD' });
    await book(id);
    expect(await costOf(id)).toEqual({ state: 'booked', cost: 0.1, currency: 'EUR' });
  });

  it('costs nothing where the model has no price, or the setting is none', async () => {
    const booked = { state: 'booked', cost: null, currency: null };
    for (const prices of [{ 'another-model': 5 }, { [model]: 'free' }, [5], 'nonsense']) {
      await writeSettings(database, { 'price.models': prices as unknown as Record<string, number> });
      const id = await insertGeneration(database);
      await book(id);
      expect(await costOf(id)).toEqual(booked);
    }
  });

  it('gives back what was not taken', async () => {
    const id = await insertGeneration(database);
    await inTransaction(database, (tx) => cancelLocked(tx, { id, state: 'queued' }));
    expect(await costOf(id)).toEqual({ state: 'released', cost: null, currency: null });
  });
});

interface Row {
  at: string;
  model?: string;
  kind?: string;
  state?: string;
  cost?: number;
  currency?: string;
  apiKeyId?: string;
}

async function insertUsage(rows: readonly Row[]): Promise<void> {
  const data = rows.map(({ at, cost, ...row }, n) => ({
    ...{ generationId: `used-${n}`, ownerId: 'owner-of-tests', apiKeyId: 'key', kind: 'video', model, state: 'booked' },
    ...{ ...row, createdAt: new Date(at), ...(cost === undefined ? {} : { cost, currency: row.currency ?? 'EUR' }) },
  }));
  await database.usage.createMany({ data });
}

const read = (query: Partial<UsageQuery>, timeZone = 'UTC') =>
  readUsage(database, { ...{ apiKeyId: 'key', timeZone, group_by: ['day'] }, ...query });
const range = { start: '2026-03-01', end: '2026-03-31' };

describe('reading', () => {
  const nothing = { accepted: 0, booked: 0, reserved: 0, released: 0, costs: [] };

  it('counts by day, model or kind, with exact sums, and nothing of another key', async () => {
    await insertUsage([
      { at: '2026-03-02T10:00:00Z', cost: 0.1 },
      { at: '2026-03-02T11:00:00Z', cost: 0.2 },
      { at: '2026-03-02T12:00:00Z', state: 'reserved' },
      { at: '2026-03-03T12:00:00Z', state: 'released' },
      { at: '2026-03-03T12:00:00Z', model: 'gpt-image', kind: 'image', cost: 1 },
      { at: '2026-03-03T12:00:00Z', apiKeyId: 'other', cost: 50 },
    ]);
    const euros = (amount: number) => [{ currency: 'EUR', amount }];
    const second = { object: 'usage.row', accepted: 3, booked: 2, reserved: 1, released: 0, costs: euros(0.3) };
    const third = { object: 'usage.row', accepted: 2, booked: 1, reserved: 0, released: 1, costs: euros(1) };
    const report = await read(range);
    expect(report.data).toEqual([
      { ...second, day: '2026-03-02' },
      { ...third, day: '2026-03-03' },
    ]);
    expect(report.total).toEqual({ accepted: 5, booked: 3, reserved: 1, released: 1, costs: euros(1.3) });
    expect(
      (await read({ ...range, group_by: ['model'] })).data.map(({ model, accepted }) => [model, accepted]),
    ).toEqual([
      ['gpt-image', 1],
      [model, 4],
    ]);
    const both = await read({ ...range, group_by: ['day', 'kind'] });
    expect(both.data.map(({ day, kind, accepted }) => [day, kind, accepted])).toEqual([
      ['2026-03-02', 'video', 3],
      ['2026-03-03', 'image', 1],
      ['2026-03-03', 'video', 1],
    ]);
  });

  it('cuts days at midnight of the time zone, the last one included whole', async () => {
    await insertUsage([{ at: '2026-02-28T23:30:00Z' }, { at: '2026-03-31T21:30:00Z' }, { at: '2026-03-31T22:30:00Z' }]);
    const days = async (timeZone: string) =>
      (await read(range, timeZone)).data.map(({ day, accepted }) => [day, accepted]);
    expect(await days('UTC')).toEqual([['2026-03-31', 2]]);
    expect(await days('Europe/Berlin')).toEqual([
      ['2026-03-01', 1],
      ['2026-03-31', 1],
    ]);
    expect((await read(range, 'Nowhere/Atall')).time_zone).toBe('UTC');
  });

  it('keeps currencies apart, in one row', async () => {
    const at = '2026-03-02T10:00:00Z';
    await insertUsage([{ at, cost: 1 }, { at, cost: 2, currency: 'USD' }, { at }]);
    const { data, total } = await read(range);
    const costs = [
      { currency: 'EUR', amount: 1 },
      { currency: 'USD', amount: 2 },
    ];
    expect(data).toEqual([{ object: 'usage.row', day: '2026-03-02', ...nothing, accepted: 3, booked: 3, costs }]);
    expect(total).toEqual({ ...nothing, accepted: 3, booked: 3, costs });
  });

  it('answers the last thirty days by itself, and zeros where nothing was', async () => {
    const report = await read({});
    expect((Date.parse(report.end) - Date.parse(report.start)) / 86_400_000).toBe(29);
    expect(report).toMatchObject({ data: [], total: nothing, quotas: [] });
  });

  it('tells of each quota what is used and when it begins anew', async () => {
    await database.apiKey.update({
      where: { id: 'key' },
      data: { dailyQuota: { video: 4 }, monthlyQuota: { video: 9, image: 0 } },
    });
    const now = new Date().toISOString();
    await insertUsage([{ at: now }, { at: now, state: 'reserved' }, { at: now, state: 'released' }]);
    const { quotas } = await read({}, quietZone);
    expect(quotas.map(({ resets_at, ...quota }) => [quota, Date.parse(resets_at) > Date.parse(now)])).toEqual([
      [{ kind: 'image', period: 'month', limit: 0, used: 0 }, true],
      [{ kind: 'video', period: 'day', limit: 4, used: 2 }, true],
      [{ kind: 'video', period: 'month', limit: 9, used: 2 }, true],
    ]);
  });
});
