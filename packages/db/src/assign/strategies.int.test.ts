/** What each strategy chooses among accounts that can do a work equally well, and that what they choose by is never out of step. */
import { randomUUID } from 'node:crypto';
import type { AssignStrategy } from '@reelay/contracts/settings';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { waitFor } from '@reelay/testing/wait-for';
import { Client } from 'pg';
import { createDatabase, type Database } from '../client.js';
import { insertAssigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { writeSettings } from '../settings.js';
import { assignLane } from './assign-lane.js';

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
  await database.$executeRaw`TRUNCATE token, generation CASCADE`;
});

/** Assigns so many rows in one batch; returns how many each account got. */
async function share(strategy: AssignStrategy, count: number): Promise<Map<string, number>> {
  await insertWaiting(database, { count });
  await writeSettings(database, { 'assign.strategy': strategy });
  const shares = new Map<string, number>();
  await assignLane(database, {
    ...{ lane: videoLane, slotKind: 'video', targets: { names: ['simulator'], simulated: [] }, unlimitedSlots: 100 },
    ...{ slotlessPerToken: 4, strategy, batchSize: 50, newId: randomUUID, turns: () => [] },
    onAssigned: (assignments) => {
      for (const { tokenId } of assignments) shares.set(tokenId, (shares.get(tokenId) ?? 0) + 1);
    },
    signal: new AbortController().signal,
  });
  return shares;
}

const busy = async (videoLimit: number, inUse: number, of: Parameters<typeof insertToken>[1] = {}) => {
  const tokenId = await insertToken(database, { videoLimit, ...of });
  for (let used = 0; used < inUse; used += 1) await insertAssigned(database, { tokenId });
  return tokenId;
};
const lastAssigned = (id: string, agoMs: number) =>
  database.token.update({ where: { id }, data: { lastAssignedAt: new Date(Date.now() - agoMs) } });

describe('the strategy', () => {
  it('least-loaded evens out the share of slots in use', async () => {
    const [half, empty] = [await busy(4, 2), await busy(4, 0)];
    expect(await share('least-loaded', 2)).toEqual(new Map([[empty, 2]]));
    expect(await share('least-loaded', 4)).toEqual(
      new Map([
        [half, 2],
        [empty, 2],
      ]),
    );
  });

  it('round-robin gives one to each, to who was served the longest ago first, however loaded', async () => {
    const [loaded, recent, never] = [await busy(9, 5), await busy(9, 0), await insertToken(database)];
    await lastAssigned(loaded, 60_000);
    await lastAssigned(recent, 1_000);
    expect(await share('round-robin', 2)).toEqual(
      new Map([
        [never, 1],
        [loaded, 1],
      ]),
    );
    expect(await share('round-robin', 3)).toEqual(
      new Map([
        [recent, 1],
        [loaded, 1],
        [never, 1],
      ]),
    );
  });

  it('random serves everybody sooner or later, and nobody beyond the limit', async () => {
    const tokens = [await busy(20, 0), await busy(20, 0), await busy(20, 0)];
    const shares = await share('random', 45);
    expect([...shares.keys()].sort()).toEqual([...tokens].sort());
    expect(await share('random', 45)).toEqual(new Map(tokens.map((id) => [id, 20 - (shares.get(id) ?? 0)])));
  });

  it('weighted keeps as many in hand as the weights say', async () => {
    const [light, heavy] = [await busy(9, 0), await busy(9, 0)];
    await database.token.update({ where: { id: heavy }, data: { weight: 2 } });
    expect(await share('weighted', 6)).toEqual(
      new Map([
        [heavy, 4],
        [light, 2],
      ]),
    );
  });

  it('most-remaining-quota spends from whoever has the most, and takes an unknown quota for a whole one', async () => {
    const [few, many] = [await busy(5, 0, { remaining: 3 }), await busy(5, 0, { remaining: 5 })];
    expect(await share('most-remaining-quota', 2)).toEqual(new Map([[many, 2]]));
    const unknown = await insertToken(database, { videoLimit: 1 });
    expect(await share('most-remaining-quota', 3)).toEqual(
      new Map([
        [unknown, 1],
        [many, 1],
        [few, 1],
      ]),
    );
  });

  it('is changed when those have written who had locked an account, and neither waits for the other in vain', async () => {
    const id = await busy(4, 0);
    await writeSettings(database, { 'assign.strategy': 'least-loaded' });
    let changed: Promise<void> | undefined;
    await database.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT FROM token WHERE id = ${id} FOR NO KEY UPDATE`;
      changed = writeSettings(database, { 'assign.strategy': 'random' });
      const waitsForTable = async () => {
        const [row] = await tx.$queryRaw<{ count: bigint }[]>`
          SELECT count(*) AS count FROM pg_locks WHERE NOT granted AND relation = 'token'::regclass`;
        return row?.count === 1n;
      };
      await waitFor(waitsForTable, { timeoutMs: 3_000, intervalMs: 5 });
      await tx.token.update({ where: { id }, data: { weight: 3 } });
    });
    await changed;
    const [token] = await database.$queryRaw`SELECT weight, ordered_by FROM token`.then((rows) => rows as object[]);
    expect(token).toEqual({ weight: 3, ordered_by: 'random' });
  });
});

describe('what accounts are kept in order by', () => {
  const orders = async () => {
    const rows = await database.token.findMany({ select: { orderedBy: true } });
    return rows.map(({ orderedBy }) => orderedBy);
  };

  it('follows the setting, for those that are there and for those to come', async () => {
    await database.setting.deleteMany();
    await insertToken(database);
    await writeSettings(database, { 'assign.strategy': 'weighted' });
    await insertToken(database);
    expect(await orders()).toEqual(['weighted', 'weighted']);
    await database.setting.update({ where: { key: 'assign.strategy' }, data: { value: 'nonsense' } });
    expect(await orders()).toEqual(['least-loaded', 'least-loaded']);
    await writeSettings(database, { 'assign.strategy': 'round-robin' });
    await database.setting.deleteMany();
    await insertToken(database);
    expect(await orders()).toEqual(['least-loaded', 'least-loaded', 'least-loaded']);
  });

  it('is right for an account that is added while the setting changes', async () => {
    await writeSettings(database, { 'assign.strategy': 'random' });
    // Without the apps' time limits, which a busy machine may reach.
    const [adding, changing] = [new Client({ connectionString: file.url }), new Client({ connectionString: file.url })];
    await Promise.all([adding.connect(), changing.connect()]);
    try {
      await adding.query(`BEGIN; INSERT INTO token (id, provider, target, identity, label, access_token_sealed, access_token_hint)
        VALUES ('added', 'sora', 'simulator', 'added', 'added', 'sealed', 'hint')`);
      const changed = changing.query(`UPDATE setting SET value = '"weighted"' WHERE key = 'assign.strategy'`);
      await waitFor(
        async () => {
          const { rows } = await adding.query(
            `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database AND datname = current_database()
             WHERE relation = 'token'::regclass AND NOT granted`,
          );
          return rows.length > 0;
        },
        { timeoutMs: 30_000, describe: 'the change to wait for the account' },
      );
      await adding.query('COMMIT');
      await changed;
    } finally {
      await Promise.all([adding.end(), changing.end()]);
    }
    expect(await orders()).toEqual(['weighted']);
  });
});

describe('the counts of slots in use', () => {
  const counts = async () =>
    database.$queryRaw`
      SELECT image_used AS image, video_used AS video FROM token ORDER BY id`;

  it('follow every way in which slots come, move and go', async () => {
    const [one, other] = [`a-${await busy(5, 0)}`, await insertToken(database)];
    await database.$executeRaw`UPDATE token SET id = ${one} WHERE id = ${one.slice(2)}`;
    for (const tokenId of [one, one, other]) await insertAssigned(database, { tokenId });
    await insertAssigned(database, { tokenId: one, request: { kind: 'image', workflow: 'image' } });
    expect(await counts()).toEqual([
      { image: 1, video: 2 },
      { image: 0, video: 1 },
    ]);
    await database.$executeRaw`UPDATE token_slot SET token_id = ${other}, slot_no = 7 WHERE token_id = ${one} AND slot_no = 1`;
    await database.$executeRaw`UPDATE token_slot SET free_at = now()`;
    expect(await counts()).toEqual([
      { image: 1, video: 1 },
      { image: 0, video: 2 },
    ]);
    await database.$executeRaw`DELETE FROM token_slot WHERE kind = 'video'`;
    expect(await counts()).toEqual([
      { image: 1, video: 0 },
      { image: 0, video: 0 },
    ]);
    await database.$executeRaw`TRUNCATE token_slot`;
    expect(await counts()).toEqual([
      { image: 0, video: 0 },
      { image: 0, video: 0 },
    ]);
  });
});
