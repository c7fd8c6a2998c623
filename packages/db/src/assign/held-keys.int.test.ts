/** A key is never worked on more at once than it may be, whoever assigns, and holds up nobody else meanwhile. */
import { randomUUID } from 'node:crypto';
import { type Lane, laneKey } from '@reelay/contracts/lane';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { cancelLocked } from '../generations/cancel-generation.js';
import { inTransaction } from '../transaction.js';
import { type AssignLane, assignLane } from './assign-lane.js';
import { findFreeSlots } from './find-free-slots.js';
import { findNextRows } from './find-next-rows.js';
import { matchSlots } from './match-slots.js';
import { takeSlots } from './take-slots.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: 20 });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation, api_key CASCADE`;
});

const imageLane: Lane = { ...videoLane, kind: 'image', sora2: false };
const enhanceLane: Lane = { ...videoLane, kind: 'enhance' };

function assign(lane: Lane, options: Partial<AssignLane> = {}): Promise<number> {
  const slotKind = lane.kind === 'enhance' ? undefined : lane.kind === 'image' ? 'image' : 'video';
  return assignLane(database, {
    ...{ lane, slotKind, targets: { names: ['simulator'], simulated: ['simulator'] }, unlimitedSlots: 100 },
    ...{ slotlessPerToken: 20, batchSize: 50, newId: randomUUID, turns: () => [], onAssigned: () => {} },
    signal: new AbortController().signal,
    ...options,
  });
}

const allow = (id: string, concurrentLimit: number | null) =>
  database.apiKey.update({ where: { id }, data: { concurrentLimit } });
const working = (apiKeyId: string) =>
  database.generation.count({ where: { apiKeyId, tokenId: { not: null }, state: 'queued' } });

async function room(): Promise<void> {
  for (let token = 0; token < 4; token += 1) await insertToken(database, { videoLimit: 10, imageLimit: 10 });
}

test('no more of a key is begun than it may have worked on at once; others take the slots that are left', async () => {
  await room();
  await insertWaiting(database, { apiKeyId: 'limited', count: 30, ageMs: 120_000 });
  await insertWaiting(database, { apiKeyId: 'free', count: 10 });
  await allow('limited', 3);
  expect(await assign(videoLane)).toBe(13);
  expect([await working('limited'), await working('free')]).toEqual([3, 10]);
  expect(await assign(videoLane)).toBe(0);
});

test('the next one begins when one has ended, and all when the limit is gone', async () => {
  await room();
  await insertWaiting(database, { apiKeyId: 'limited', count: 10 });
  await allow('limited', 2);
  await assign(videoLane);
  const { id } = await database.generation.findFirstOrThrow({ where: { tokenId: { not: null } } });
  await inTransaction(database, (tx) => cancelLocked(tx, { id, state: 'queued' }));
  expect(await assign(videoLane)).toBe(1);
  await allow('limited', null);
  expect(await assign(videoLane)).toBe(7);
});

test('work of every kind counts, also what holds no slot', async () => {
  await room();
  for (const lane of [videoLane, imageLane, enhanceLane])
    await insertWaiting(database, { apiKeyId: 'limited', count: 5, lane });
  await allow('limited', 4);
  expect(await assign(enhanceLane)).toBe(4);
  for (const lane of [videoLane, imageLane, enhanceLane]) expect(await assign(lane)).toBe(0);
  await allow('limited', 6);
  expect([await assign(videoLane), await assign(imageLane)]).toEqual([2, 0]);
});

test('however many assigners work in however many lanes at once, the limit is never passed', async () => {
  await room();
  for (const lane of [videoLane, imageLane, enhanceLane])
    await insertWaiting(database, { apiKeyId: 'limited', count: 20, lane });
  await insertWaiting(database, { apiKeyId: 'free', count: 20 });
  await allow('limited', 5);
  for (let round = 0; round < 4; round += 1) {
    const lanes = [videoLane, imageLane, enhanceLane, videoLane, imageLane, enhanceLane];
    await Promise.all(lanes.map((lane) => assign(lane, { batchSize: 3 })));
    expect(await working('limited')).toBeLessThanOrEqual(5);
  }
  for (const lane of [videoLane, imageLane, enhanceLane]) await assign(lane);
  expect([await working('limited'), await working('free')]).toEqual([5, 20]);
});

test('of two plans made from the same count only one is carried out', async () => {
  await room();
  await insertWaiting(database, { apiKeyId: 'limited', count: 4 });
  await insertWaiting(database, { apiKeyId: 'limited', count: 4, lane: imageLane });
  await allow('limited', 3);
  const plans = await Promise.all([plan(videoLane, 'video'), plan(imageLane, 'image')]);
  expect(plans.map(({ matches }) => matches.length)).toEqual([3, 3]);
  const [first, second] = plans;
  expect(await takeSlots(database, { ...first!, simulatedTargets: [] })).toHaveLength(3);
  expect(await takeSlots(database, { ...second!, simulatedTargets: [] })).toEqual([]);
});

async function plan(lane: Lane, slotKind: 'video' | 'image') {
  const targets = { names: ['simulator'], simulated: [] };
  const slots = await findFreeSlots(database, {
    ...{ lane, slotKind, targets, unlimitedSlots: 100, strategy: 'least-loaded', limit: 10 },
  });
  const rows = await findNextRows(database, {
    ...{ lane: laneKey(lane), isPinned: false, turns: [], limit: 10 },
    freeTokenIds: slots.map(({ tokenId }) => tokenId),
  });
  return { slotKind, matches: matchSlots(rows, slots).map((match) => ({ ...match, attemptId: randomUUID() })) };
}

test('its rows of the highest priority go first, and rows that no free token may have take no room', async () => {
  const tokenId = await insertToken(database, { videoLimit: 10 });
  const [barred = ''] = await insertWaiting(database, { apiKeyId: 'limited', priority: 5 });
  await insertWaiting(database, { apiKeyId: 'limited', count: 3 });
  const [urgent = ''] = await insertWaiting(database, { apiKeyId: 'limited', priority: 1 });
  await allow('limited', 1);
  const until = new Date(Date.now() + 60_000);
  await database.generationExclusion.create({ data: { generationId: barred, tokenId, until } });
  expect(await assign(videoLane)).toBe(1);
  expect(await database.generation.findMany({ where: { tokenId }, select: { id: true } })).toEqual([{ id: urgent }]);
});

test('of keys without a limit no version is asked for', async () => {
  await insertWaiting(database, { apiKeyId: 'free' });
  const lane = 'sora:video:any:sora2';
  const rows = await findNextRows(database, { lane, isPinned: false, freeTokenIds: ['x'], turns: [], limit: 5 });
  expect(rows).toMatchObject([{ apiKeyId: 'free', keyVersion: null }]);
});
