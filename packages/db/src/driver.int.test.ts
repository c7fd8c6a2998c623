import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { FaultProxy } from '@reelay/testing/fault-proxy';
import { createDatabase, type Database } from './client.js';
import { queryDriver } from './driver.js';
import { Prisma } from './generated/prisma/client.js';
import { isOutage } from './outage.js';
import { plannedOnce } from './planned-once.js';
import { inTransaction, isUniqueViolation } from './transaction.js';

let clone: TestDatabase;
let database: Database;
beforeAll(async () => {
  clone = await createTestDatabase();
  database = createDatabase({ url: clone.url, applicationName: 'test', poolSize: 1 });
});
afterAll(async () => {
  await database.$disconnect();
  await clone.drop();
});

const everyType = (value: string) => Prisma.sql`${plannedOnce}
  SELECT ${value}::text AS text, 7::bigint AS big, 7::integer AS small, true AS yes, NULL::text AS nothing, ${['a', '"b", {c}']}::text[] AS texts,
    '2026-01-02T03:04:05.678Z'::timestamptz AS time`;

describe('the driver', () => {
  it('returns what Prisma returns, and plans the statement once per connection', async () => {
    for (const value of ['one', 'two'])
      expect(await queryDriver(database, everyType(value))).toEqual(await database.$queryRaw(everyType(value)));
    expect(
      await database.$queryRaw`SELECT count(*)::integer AS count FROM pg_prepared_statements WHERE statement LIKE '%AS nothing%'`,
    ).toEqual([{ count: 1 }]);
  });

  it('is not asked past a transaction', async () => {
    await inTransaction(database, async (tx) => {
      const own = await tx.$queryRaw`SELECT pg_current_xact_id()::text AS id`;
      expect(await queryDriver(tx, Prisma.sql`SELECT pg_current_xact_id()::text AS id`)).toEqual(own);
    });
  });

  it('fails so that a unique violation is known for one', async () => {
    await database.owner.create({ data: { id: 'owner', name: 'owner' } });
    const again = queryDriver(database, Prisma.sql`INSERT INTO owner (id, name) VALUES ('owner', 'x') RETURNING id`);
    expect(isUniqueViolation(await again.catch((error: unknown) => error))).toBe(true);
  });

  it('fails so that an outage is known for one, and comes back by itself', async () => {
    const proxy = await FaultProxy.open(clone.url);
    const options = { url: proxy.through(clone.url), applicationName: 'test', poolSize: 1, queryTimeoutMs: 500 };
    const cutOff = createDatabase(options);
    const ask = () => queryDriver(cutOff, Prisma.sql`SELECT 1 AS one`);
    // Patient with a slow machine: what counts is that it answers in the end.
    const untilAnswered = async () => {
      for (const deadline = Date.now() + 20_000; ; ) {
        const answer = await ask().catch((error: unknown) => error);
        if (!(answer instanceof Error) || Date.now() > deadline) return answer;
      }
    };
    try {
      expect(await untilAnswered()).toEqual([{ one: 1 }]);
      proxy.set({ isBlackhole: true });
      expect(isOutage(await ask().catch((error: unknown) => error))).toBe(true);
      proxy.set({});
      expect(await untilAnswered()).toEqual([{ one: 1 }]);
    } finally {
      await cutOff.$disconnect();
      await proxy.close();
    }
  });

  it('goes on after a disconnect as Prisma does, which connects anew', async () => {
    const again = createDatabase({ url: clone.url, applicationName: 'test', poolSize: 1 });
    await again.$queryRaw`SELECT 1`;
    await again.$disconnect();
    expect(await queryDriver(again, Prisma.sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
    await again.$disconnect();
  });
});
