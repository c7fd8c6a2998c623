import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertAssigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { videoLane } from '../factories/insert-waiting.js';
import { applyTokenEvent } from '../tokens/apply-token-event.js';
import { hideToken } from '../tokens/hide-token.js';
import { deleteOldOperatorEvents, listOperatorEvents } from './list-operator-events.js';
import { watchLane } from './watch-lane.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: 6 });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation, operator_event, pool_watch CASCADE`;
});

const look = () =>
  watchLane(database, {
    ...{ lane: videoLane, slotKind: 'video', targets: { names: ['simulator'], simulated: ['simulator'] } },
    ...{ unlimitedSlots: 10, slotlessPerToken: 1 },
  });
/** What several replicas found, looking at once. */
const lookTogether = async () => (await Promise.all([look(), look(), look()])).filter((news) => news !== undefined);
const list = async () => (await listOperatorEvents(database, { limit: 50 })).data;
const inAnHour = () => new Date(Date.now() + 3_600_000);
const rest = (id: string) => database.token.update({ where: { id }, data: { videoCoolingUntil: inAnHour() } });

describe('a lane that was served', () => {
  it('is told of once when nothing works any more, and once when it works again, by however many', async () => {
    const [one, other] = [await insertToken(database), await insertToken(database)];
    expect(await lookTogether()).toEqual([]);
    await rest(one);
    expect(await lookTogether()).toEqual([]);
    await applyTokenEvent(database, other, { type: 'disabled', by: 'operator', reason: 'on holiday' });
    expect(await lookTogether()).toEqual(['pool.exhausted']);
    expect(await lookTogether()).toEqual([]);
    expect(await list()).toMatchObject([
      {
        ...{ type: 'pool.exhausted', subject: 'sora:video:any:sora2' },
        data: {
          ...{ provider: 'sora', kind: 'video', plan: 'any', sora2: true, accounts: 2, cooling: 1, disabled: 1 },
          ...{ exhausted: 0, needAttention: 0, reason: expect.stringContaining('rests until') },
          recoversAt: expect.any(String),
        },
      },
    ]);
    await applyTokenEvent(database, other, { type: 'enabled', by: 'operator' });
    expect(await lookTogether()).toEqual(['pool.recovered']);
    await rest(other);
    expect(await lookTogether()).toEqual(['pool.exhausted']);
    expect((await list()).map(({ type }) => type)).toEqual(['pool.exhausted', 'pool.recovered', 'pool.exhausted']);
    expect((await list())[1]).toMatchObject({ data: { kind: 'video', exhaustedForMs: expect.any(Number) } });
  });

  it('by accounts that are only busy is not exhausted', async () => {
    const tokenId = await insertToken(database, { videoLimit: 1 });
    await insertAssigned(database, { tokenId });
    await lookTogether();
    expect(await lookTogether()).toEqual([]);
    expect(await database.poolWatch.findMany()).toMatchObject([{ isExhausted: false }]);
  });

  it.each([
    ['no videos are left', { remaining: 0 }, 'used up its quota'],
    ['a person is needed', { state: 'needs_attention' }, 'needs attention'],
    ['all are disabled', { state: 'disabled' }, 'every account is disabled'],
  ])('says why when %s', async (_when, change, reason) => {
    const id = await insertToken(database);
    await look();
    await database.token.update({ where: { id }, data: { ...change, resetsAt: inAnHour() } });
    expect(await look()).toBe('pool.exhausted');
    expect(await list()).toMatchObject([{ data: { reason: expect.stringContaining(reason) } }]);
  });

  it('is exhausted too when its last account is deleted', async () => {
    const id = await insertToken(database);
    await look();
    await hideToken(database, id);
    expect(await look()).toBe('pool.exhausted');
    expect(await list()).toMatchObject([{ data: { accounts: 0, reason: 'no account with Sora 2' } }]);
  });
});

it('a lane that nobody ever served is no news', async () => {
  await rest(await insertToken(database));
  expect(await lookTogether()).toEqual([]);
  expect(await list()).toEqual([]);
});

describe('an account that needs attention', () => {
  const rejected = { type: 'credential_rejected', reason: 'The refresh token was refused.' } as const;

  it('is told of with the change, once per episode', async () => {
    const id = await insertToken(database);
    await Promise.all([1, 2, 3].map(() => applyTokenEvent(database, id, rejected)));
    await applyTokenEvent(database, id, { type: 'credential_renewed' });
    await applyTokenEvent(database, id, rejected);
    expect(await list()).toMatchObject([
      { type: 'token.needs_attention', subject: id, data: { label: id, target: 'simulator', reason: rejected.reason } },
      { type: 'token.needs_attention', subject: id },
    ]);
  });

  it('is not told of when the change is rolled back', async () => {
    const id = await insertToken(database);
    const thrown = database.$transaction(async (tx) => {
      await applyTokenEvent(tx, id, rejected);
      throw new Error('crash');
    });
    await expect(thrown).rejects.toThrow('crash');
    expect(await list()).toEqual([]);
  });
});

describe('the list', () => {
  it('goes page by page from the newest, by type, and leaves out what this release does not know', async () => {
    for (const [no, type] of ['pool.exhausted', 'of.tomorrow', 'pool.recovered', 'pool.exhausted'].entries()) {
      await database.operatorEvent.create({ data: { type, subject: String(no), data: {} } });
    }
    const first = await listOperatorEvents(database, { limit: 2 });
    expect(first.data.map(({ subject }) => subject)).toEqual(['3', '2']);
    const second = await listOperatorEvents(database, { limit: 2, after: first.next ?? '' });
    expect([second.data.map(({ subject }) => subject), second.next]).toEqual([['0'], null]);
    const { data } = await listOperatorEvents(database, { limit: 9, type: 'pool.exhausted' });
    expect(data.map(({ subject }) => subject)).toEqual(['3', '0']);
  });

  it('forgets what is older than it is kept', async () => {
    const old = new Date(Date.now() - 10 * 24 * 3_600_000);
    await database.operatorEvent.create({ data: { type: 'pool.exhausted', subject: 'old', data: {}, createdAt: old } });
    await database.operatorEvent.create({ data: { type: 'pool.exhausted', subject: 'new', data: {} } });
    expect(await deleteOldOperatorEvents(database, 9)).toBe(false);
    expect((await list()).map(({ subject }) => subject)).toEqual(['new']);
  });
});
