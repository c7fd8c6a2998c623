/** What a key may have open, reserve in a day and in a month: by its row, and never passed however many accepts come at once. */
import type { ChangeApiKey } from '@reelay/contracts/api-keys';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { waitFor } from '@reelay/testing/wait-for';
import { changeApiKey } from '../api-keys/store-api-key.js';
import { createDatabase, type Database } from '../client.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { acceptAlone } from '../generations/accept-alone.js';
import { type AcceptGeneration, acceptGeneration } from '../generations/accept-generation.js';
import { acceptGroup, type Group } from '../generations/accept-group.js';
import { cancelLocked } from '../generations/cancel-generation.js';
import { inTransaction } from '../transaction.js';
import { bookUsage } from '../usage/book-usage.js';
import { findRefusal } from './find-refusal.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: 20 });
  // The key and its owner.
  await insertWaiting(database, { apiKeyId: 'limited', lane: videoLane });
  await insertWaiting(database, { apiKeyId: 'other', lane: videoLane });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE generation, usage, key_quota, idempotency CASCADE`;
});

const lane = 'sora:video:any:sora2';
const request: GenerationRequest = {
  ...{ kind: 'video', workflow: 'video', model: 'sora2-landscape-10s', prompt: 'a paper boat', references: [] },
  ...{ orientation: 'landscape', seconds: 10, frames: 300, upstream: { model: 'sy_8', size: 'small' } },
};
/** No day ends there while the tests run. */
const timeZone = Math.abs(new Date().getUTCHours() - 12) < 8 ? 'UTC' : 'Etc/GMT+12';
const limits = { openPerKey: 1_000, open: 10_000, timeZone };
let accepts = 0;

function accept(changes: Partial<AcceptGeneration> = {}): AcceptGeneration {
  accepts += 1;
  return {
    ...{ id: `accept-${accepts}`, ownerId: 'owner-of-tests', apiKeyId: 'limited', dialect: 'videos', provider: 'sora' },
    ...{ lane, request, requestHash: 'same', deadlineMs: 3_600_000, waiter: 1n, limits },
    ...changes,
  };
}

const allow = async (changes: ChangeApiKey) => {
  const none = { dailyQuota: null, monthlyQuota: null, queuedLimit: null, priority: 0 };
  await changeApiKey(database, 'limited', { ...none, ...changes });
};
const outcomeOf = async (changes: Partial<AcceptGeneration> = {}) => acceptGeneration(database, accept(changes));
const outcomesOf = async (count: number, changes: Partial<AcceptGeneration> = {}) =>
  Promise.all(Array.from({ length: count }, () => outcomeOf(changes)));
const accepted = (outcomes: readonly { outcome: string }[]) =>
  outcomes.filter(({ outcome }) => outcome === 'accepted').length;
const image: GenerationRequest = { ...request, kind: 'image', workflow: 'image', model: 'gpt-image' };

test('a quota of five lets exactly five of twenty at once in, and what refuses the others says which and how much', async () => {
  for (const [column, period] of [
    ['dailyQuota', 'day'],
    ['monthlyQuota', 'month'],
  ] as const) {
    await database.$executeRaw`TRUNCATE generation, usage, key_quota CASCADE`;
    await allow({ [column]: { video: 5 } });
    const outcomes = await outcomesOf(20);
    expect(accepted(outcomes)).toBe(5);
    const spent = { outcome: 'spent', period, kind: 'video', most: 5 };
    expect(outcomes.filter(({ outcome }) => outcome !== 'accepted')).toEqual(Array(15).fill(spent));
    expect(await database.usage.count()).toBe(5);
    expect(await database.generation.count()).toBe(5);
    const ask = { lane, kind: 'video', apiKeyId: 'limited', deadlineMs: 3_600_000, limits };
    expect(await findRefusal(database, ask)).toEqual(spent);
    expect(await findRefusal(database, { ...ask, kind: 'image' })).toBeUndefined();
    expect(await findRefusal(database, { ...ask, apiKeyId: 'other' })).toBeUndefined();
  }
});

test('what a key used before it had the quota counts, and so does what it uses while it has none', async () => {
  await outcomesOf(3);
  await allow({ dailyQuota: { video: 4 } });
  expect(accepted(await outcomesOf(4))).toBe(1);
  await allow({});
  expect(accepted(await outcomesOf(4))).toBe(4);
  await allow({ dailyQuota: { video: 10 }, monthlyQuota: { video: 9 } });
  expect(accepted(await outcomesOf(4))).toBe(1);
  expect(await outcomeOf()).toMatchObject({ outcome: 'spent', period: 'month', most: 9 });
});

test('what is kept of a quota is what its rows say, whatever happens at once', async () => {
  await outcomesOf(3);
  await allow({ dailyQuota: { video: 15 }, monthlyQuota: { video: 18 } });
  const work = Array.from({ length: 40 }, async (_, n) => {
    const one = accept();
    if ((await acceptGeneration(database, one)).outcome !== 'accepted') return;
    if (n % 2 === 0) await inTransaction(database, (tx) => cancelLocked(tx, { id: one.id, state: 'queued' }));
    // As by an answer that comes after everybody had given up.
    if (n % 4 === 0) await inTransaction(database, (tx) => bookUsage(tx, one.id));
  });
  await Promise.all(work);
  const kept = await database.keyQuota.findMany({ select: { period: true, used: true }, orderBy: { period: 'asc' } });
  const used = await database.usage.count({ where: { state: { not: 'released' } } });
  expect(kept).toEqual([
    { period: 'day', used },
    { period: 'month', used },
  ]);
});

test('accepts and releases of a key with both quotas never fail for each other, whichever of the two was begun first', async () => {
  await allow({ dailyQuota: { video: 10_000 }, monthlyQuota: { video: 10_000 } });
  for (let day = 0; day < 4; day += 1) {
    const earlier = Array.from({ length: 12 }, () => accept());
    for (const one of earlier) expect(await acceptGeneration(database, one)).toMatchObject({ outcome: 'accepted' });
    // The next accept begins a day behind the month; those before it are of the new day as well.
    await database.$executeRaw`UPDATE key_quota SET begins_at = begins_at - interval '1 day', ends_at = ends_at - interval '1 day' WHERE period = 'day'`;
    const others = Array.from({ length: 24 }, () => acceptAlone(database, accept()));
    const releases = earlier.map(({ id }) =>
      inTransaction(database, (tx) => cancelLocked(tx, { id, state: 'queued' })),
    );
    // A change in between begins both anew.
    const change = allow({ dailyQuota: { video: 9_000 + day }, monthlyQuota: { video: 10_000 } });
    const outcomes = await Promise.all(others);
    await Promise.all([...releases, change]);
    expect(accepted(outcomes)).toBe(24);
    const used = await database.usage.count({ where: { state: { not: 'released' } } });
    const kept = await database.keyQuota.findMany({ where: { endsAt: { gt: new Date() } }, select: { used: true } });
    expect(kept.every((row) => row.used === used)).toBe(true);
  }
});

test('releases and changes of a key wait for its day before they take its month, as accepts do', async () => {
  const release = async ({ id }: AcceptGeneration) => {
    await inTransaction(database, (tx) => cancelLocked(tx, { id, state: 'queued' }));
  };
  const change = () => allow({ dailyQuota: { video: 20 }, monthlyQuota: { video: 20 } });
  const isWaiting = async () => {
    const [row] = await database.$queryRaw<[{ count: number }]>`
      SELECT count(*)::integer AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return row.count === 1;
  };
  await allow({ dailyQuota: { video: 10 }, monthlyQuota: { video: 10 } });
  for (const work of [release, change]) {
    const one = accept();
    expect(await acceptGeneration(database, one)).toMatchObject({ outcome: 'accepted' });
    // The row of a new day lies behind that of the month, and so few are read as they lie.
    await database.$executeRaw`
      UPDATE key_quota SET used = used WHERE period = 'day'`;
    await database.$executeRaw`ANALYZE key_quota`;
    const working = await database.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM key_quota WHERE period = 'day' FOR NO KEY UPDATE`;
        const begun = work(one);
        await waitFor(isWaiting, { timeoutMs: 10_000 });
        await tx.$queryRaw`SELECT 1 FROM key_quota WHERE period = 'month' FOR NO KEY UPDATE NOWAIT`;
        return { begun };
      },
      { timeout: 30_000 },
    );
    await working.begun;
  }
  expect(await database.keyQuota.count()).toBe(0);
});

test('who asks for several places is refused when only some of them are left', async () => {
  await allow({ dailyQuota: { video: 5 } });
  await outcomesOf(3);
  const ask = { lane, kind: 'video', apiKeyId: 'limited', deadlineMs: 3_600_000, limits };
  expect(await findRefusal(database, { ...ask, count: 2 })).toBeUndefined();
  expect(await findRefusal(database, { ...ask, count: 3 })).toMatchObject({ outcome: 'spent', period: 'day', most: 5 });
  await allow({ queuedLimit: 5 });
  expect(await findRefusal(database, { ...ask, count: 2 })).toBeUndefined();
  expect(await findRefusal(database, { ...ask, count: 3 })).toMatchObject({ outcome: 'full', scope: 'key', most: 5 });
  const narrow = { ...limits, open: 5 };
  expect(await findRefusal(database, { ...ask, apiKeyId: 'other', limits: narrow, count: 3 })).toMatchObject({
    scope: 'all',
  });
});

test('each kind and each key has its own, and a kind that is not named has none', async () => {
  await allow({ dailyQuota: { video: 1 }, monthlyQuota: { video: 10, enhance: 0 } });
  expect(accepted(await outcomesOf(3))).toBe(1);
  expect(accepted(await outcomesOf(3, { request: image }))).toBe(3);
  expect(accepted(await outcomesOf(3, { apiKeyId: 'other' }))).toBe(3);
  const enhance: GenerationRequest = {
    ...request,
    kind: 'enhance',
    workflow: 'enhance',
    model: 'prompt-enhance-short-10s',
  };
  expect(await outcomeOf({ request: enhance })).toMatchObject({ outcome: 'spent', period: 'month', most: 0 });
});

test('what ends without having been spent is given back, and what was spent is not', async () => {
  await allow({ dailyQuota: { video: 2 } });
  const [first, second] = [accept(), accept()];
  for (const each of [first, second])
    expect(await acceptGeneration(database, each)).toMatchObject({ outcome: 'accepted' });
  await database.usage.update({ where: { generationId: second.id }, data: { state: 'booked' } });
  for (const { id } of [first, second])
    await inTransaction(database, (tx) => cancelLocked(tx, { id, state: 'queued' }));
  expect(accepted(await outcomesOf(3))).toBe(1);
});

test('a new day begins with nothing used, a new month too, and what was kept of the old ones goes', async () => {
  await allow({ dailyQuota: { video: 1 }, monthlyQuota: { video: 3 } });
  await outcomeOf();
  expect(await outcomeOf()).toMatchObject({ outcome: 'spent', period: 'day' });
  await pass('day');
  expect(await outcomeOf()).toMatchObject({ outcome: 'accepted' });
  expect(await outcomeOf()).toMatchObject({ outcome: 'spent', period: 'day' });
  await pass('month');
  expect(accepted([await outcomeOf(), await outcomeOf()])).toBe(1);
  await allow({ monthlyQuota: { video: 2 } });
  expect(accepted([await outcomeOf(), await outcomeOf()])).toBe(1);
  expect(await database.keyQuota.count()).toBe(1);
});

/** As if one had gone by since; what is kept of the other period does not notice. */
async function pass(period: 'day' | 'month'): Promise<void> {
  const days = period === 'day' ? 1 : 31;
  await database.$executeRaw`UPDATE usage SET created_at = created_at - ${days} * interval '1 day'`;
  await database.$executeRaw`
    UPDATE key_quota SET begins_at = begins_at - ${days} * interval '1 day', ends_at = ends_at - ${days} * interval '1 day'
    WHERE period = 'day' OR ${period} = 'month'`;
}

test('midnight is that of the time zone, and a zone that nobody knows is UTC', async () => {
  // One of two zones has a midnight that the other has not reached, or left behind: 26 hours lie between them.
  const begin = async (zone: string) => {
    const [row] = await database.$queryRaw<{ at: Date }[]>`SELECT usage_period_begin('day', ${zone}) AS at`;
    return row!.at.getTime();
  };
  const [west, east] = [await begin('Etc/GMT+12'), await begin('Pacific/Kiritimati')];
  expect(Math.abs(west - east)).toBeGreaterThanOrEqual(2 * 3_600_000);
  expect(await begin('Nowhere/Atall')).toBe(await begin('UTC'));
  const [lengths] = await database.$queryRaw<object[]>`
    SELECT usage_period_end('day', 'Asia/Tokyo') - usage_period_begin('day', 'Asia/Tokyo') = interval '24 hours' AS "isADay",
      to_char(usage_period_end('month', 'Asia/Tokyo') AT TIME ZONE 'Asia/Tokyo', 'DD HH24:MI') AS "monthEnds"`;
  expect(lengths).toEqual({ isADay: true, monthEnds: '01 00:00' });
});

test('what a key may have open is what its row says, else what the settings say', async () => {
  await allow({ queuedLimit: 3 });
  const outcomes = await outcomesOf(8);
  expect(accepted(outcomes)).toBe(3);
  expect(outcomes.find(({ outcome }) => outcome !== 'accepted')).toMatchObject({
    outcome: 'full',
    scope: 'key',
    most: 3,
  });
  expect(await outcomeOf({ apiKeyId: 'other', limits: { ...limits, openPerKey: 1 } })).toMatchObject({
    outcome: 'accepted',
  });
  expect(await outcomeOf({ apiKeyId: 'other', limits: { ...limits, openPerKey: 1 } })).toMatchObject({ most: 1 });
  await allow({ queuedLimit: 2_000 });
  expect(await outcomeOf({ limits: { ...limits, openPerKey: 1 } })).toMatchObject({ outcome: 'accepted' });
});

test('a generation has the priority of its key', async () => {
  await allow({ priority: 7 });
  const one = accept();
  await acceptGeneration(database, one);
  expect(await database.generation.findUniqueOrThrow({ where: { id: one.id } })).toMatchObject({ priority: 7 });
});

test('several generations of one request fit into a quota together or not at all', async () => {
  await allow({ dailyQuota: { video: 5 } });
  const group = (): Group => [accept(), accept(), accept()];
  const outcomes = await Promise.all([acceptGroup(database, group()), acceptGroup(database, group())]);
  expect(accepted(outcomes)).toBe(1);
  expect(outcomes.find(({ outcome }) => outcome !== 'accepted')).toMatchObject({ outcome: 'spent', most: 5 });
  expect([await database.usage.count(), accepted(await outcomesOf(4))]).toEqual([3, 2]);
});

test('a repeated Idempotency-Key costs no quota', async () => {
  await allow({ dailyQuota: { video: 1 } });
  const idempotency = { key: 'again', keepMs: 60_000 };
  const outcomes = await outcomesOf(10, { idempotency });
  expect(accepted(outcomes)).toBe(1);
  expect(outcomes.filter(({ outcome }) => outcome === 'repeated')).toHaveLength(9);
});
