import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertGeneration } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { Prisma } from '../generated/prisma/client.js';
import { endGeneration } from '../generations/end-generation.js';
import { inTransaction } from '../transaction.js';
import { deleteExpired } from './delete-expired.js';
import { forgetGenerations } from './forget-generations.js';
import { removeDeleted } from './remove-deleted.js';

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

const dayMs = 24 * 3_600_000;
const daysAgo = (days: number) => new Date(Date.now() - days * dayMs);
const kept = { 'call.keepDays': 7, 'usage.keepDays': 0, 'statistics.keepDays': 0 };

async function ended(days: number): Promise<string> {
  const id = await insertGeneration(database);
  const error = { code: 'cancelled', message: 'x' } as const;
  await inTransaction(database, (tx) => endGeneration(tx, id, { state: 'cancelled', error }));
  await database.generation.update({ where: { id }, data: { completedAt: daysAgo(days) } });
  await database.usage.update({ where: { generationId: id }, data: { createdAt: daysAgo(days) } });
  return id;
}

describe('the list of tables in the documentation', () => {
  it('names every table of the database with what ends its rows, and no other', async () => {
    const text = await readFile(join(__dirname, '../../../../docs/retention.md'), 'utf8');
    const named = [...text.matchAll(/^\| `([a-z_]+)` \| \S.*\|$/gm)].map(([, name]) => name);
    const tables = await database.$queryRaw<{ name: string }[]>`
      SELECT table_name::text AS name FROM information_schema.tables
      WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_%'`;
    expect(named.sort()).toEqual(tables.map(({ name }) => name).sort());
  });
});

describe('old records', () => {
  it('that nothing needs any more go, and younger ones stay', async () => {
    const tokenId = await insertToken(database);
    const generationId = await insertGeneration(database);
    const litter = { tokenId, kind: 'post', reference: {} };
    await database.upstreamLitter.createMany({
      data: [
        { id: 'old', ...litter, doneAt: daysAgo(8) },
        { id: 'young', ...litter, doneAt: daysAgo(6) },
        { id: 'known for ours', ...litter, kind: 'late_answer', createdAt: daysAgo(900) },
      ],
    });
    const other = await insertToken(database);
    await database.generationExclusion.createMany({
      data: [
        { generationId, tokenId, until: daysAgo(2) },
        { generationId, tokenId: other, until: new Date() },
      ],
    });
    expect(await deleteExpired(database)).toBe(false);
    expect((await database.upstreamLitter.findMany()).map(({ id }) => id).sort()).toEqual(['known for ours', 'young']);
    expect(await database.generationExclusion.findMany()).toMatchObject([{ tokenId: other }]);
  });

  it('of days and of usage stay for ever, unless a setting says how long', async () => {
    const day = (days: number) => new Date(daysAgo(days).toISOString().slice(0, 10));
    const sums = { submitted: 1n, succeeded: 1n, failed: 0n, clientFailed: 0n, cancelled: 0n, faults: 0n };
    const of = { subject: 'pool', kind: 'video' };
    const error = { source: 'upstream', code: 'x', count: 1n, lastAt: new Date(), lastMessage: 'x' };
    for (const days of [400, 20]) {
      await database.statisticsDay.create({ data: { ...of, ...sums, durationMs: 1n, busyMs: 1n, day: day(days) } });
      await database.statisticsError.create({ data: { ...of, ...error, day: day(days) } });
    }
    const [old, young] = [await ended(400), await ended(20)];
    const counts = async () => [
      await database.statisticsDay.count(),
      await database.statisticsError.count(),
      await database.usage.count({ where: { generationId: { in: [old, young] } } }),
    ];
    await deleteExpired(database);
    expect(await counts()).toEqual([2, 2, 2]);
    await deleteExpired(database, { ...kept, 'statistics.keepDays': 30, 'usage.keepDays': 365 });
    expect(await counts()).toEqual([1, 1, 1]);
    expect(await database.usage.findUnique({ where: { generationId: young } })).not.toBeNull();
  });

  it('of one table go although those of another cannot be deleted, and the reason is told', async () => {
    await database.$executeRaw`
      INSERT INTO upstream_call (operation, method, url, duration_ms, created_at)
      VALUES ('poll', 'GET', 'https://x/', 1, now() - interval '9 days')`;
    const day = new Date(daysAgo(400).toISOString().slice(0, 10));
    const error = { source: 'upstream', code: 'y', count: 1n, lastAt: new Date(), lastMessage: 'x' };
    await database.statisticsError.create({ data: { subject: 'pool', kind: 'video', ...error, day } });
    await database.$executeRaw`ALTER TABLE idempotency RENAME TO elsewhere`;
    const deleting = deleteExpired(database, { ...kept, 'statistics.keepDays': 30 });
    await expect(deleting).rejects.toThrow('idempotency');
    await database.$executeRaw`ALTER TABLE elsewhere RENAME TO idempotency`;
    expect([
      await database.upstreamCall.count(),
      await database.statisticsError.count({ where: { code: 'y' } }),
    ]).toEqual([0, 0]);
  });

  it('of progress are found by their age, however many other events there are', async () => {
    const [old, young] = [await ended(8), await ended(6)];
    const step = { type: 'generation.progressed', data: {} };
    for (const [generationId, days] of [
      [old, 9],
      [young, 9],
    ] as const) {
      const rows = [100, 101].map((seq) => ({ generationId, seq, ...step, createdAt: daysAgo(days) }));
      await database.generationEvent.createMany({ data: rows });
    }
    await database.$executeRaw`
      INSERT INTO generation_event (generation_id, seq, type, data, created_at)
      SELECT ${old}, 1000 + n, 'generation.queued', '{}', now() - interval '9 days' FROM generate_series(1, 3000) AS n`;
    await database.$executeRawUnsafe('ANALYZE generation_event');
    const plans: string[] = [];
    const explaining = {
      async $executeRaw(query: TemplateStringsArray, ...values: unknown[]) {
        const sql = Prisma.sql(query, ...values);
        const isOurs = sql.text.includes('generation_event');
        const rows = isOurs ? await database.$queryRawUnsafe<object[]>(`EXPLAIN (GENERIC_PLAN) ${sql.text}`) : [];
        plans.push(rows.map((row) => Object.values(row).join()).join('\n'));
        return database.$executeRaw(sql);
      },
    } as unknown as Database;
    await deleteExpired(explaining, kept);
    expect(plans.join('')).toMatch(/Index Scan.* generation_event_steps/);
    expect(plans.join('')).not.toMatch(/Seq Scan on generation_event/);
    const left = await database.generationEvent.groupBy({
      by: ['generationId'],
      where: { type: step.type },
      _count: true,
    });
    expect(left).toEqual([{ generationId: young, _count: 2 }]);
  });

  it('are deleted in portions, until there are no more', async () => {
    await database.$executeRaw`
      INSERT INTO upstream_call (operation, method, url, duration_ms, created_at)
      SELECT 'poll', 'GET', 'https://x/', 1, now() - interval '9 days' FROM generate_series(1, 5001)`;
    expect(await deleteExpired(database, kept)).toBe(true);
    expect(await database.upstreamCall.count()).toBe(1);
    expect(await deleteExpired(database, kept, { mostPortions: 9 })).toBe(false);
    expect(await database.upstreamCall.count()).toBe(0);
  });
});

describe('old generations', () => {
  it('go as if their owners had deleted them, the oldest first; what was used stays booked', async () => {
    const [oldest, old, young] = [await ended(90), await ended(31), await ended(29)];
    const running = await insertGeneration(database);
    expect(await forgetGenerations(database, { olderThanDays: 85, limit: 10 })).toBeGreaterThan(0);
    const deletedAt = async (id: string) => (await database.generation.findUnique({ where: { id } }))?.deletedAt;
    expect([await deletedAt(oldest), await deletedAt(old)]).toEqual([expect.any(Date), null]);
    expect(await forgetGenerations(database, { olderThanDays: 30, limit: 10 })).toBe(1);
    expect(await forgetGenerations(database, { olderThanDays: 30, limit: 10 })).toBe(0);
    await removeDeleted(database, { graceMs: 0, limit: 100 });
    expect(await deletedAt(old)).toBeUndefined();
    expect([await deletedAt(young), await deletedAt(running)]).toEqual([null, null]);
    expect(await database.usage.count({ where: { generationId: { in: [oldest, old] } } })).toBe(2);
  });

  it('that are characters stay, since prompts to come name them', async () => {
    const [character, video] = [await ended(900), await ended(900)];
    await database.generation.update({ where: { id: character }, data: { kind: 'character' } });
    expect(await forgetGenerations(database, { olderThanDays: 365, limit: 10 })).toBe(1);
    const left = await database.generation.findMany({ where: { id: { in: [character, video] }, deletedAt: null } });
    expect(left.map(({ id }) => id)).toEqual([character]);
  });
});
