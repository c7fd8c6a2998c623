import { slotKindOf } from '@reelay/contracts/domain';
import type { Lane } from '@reelay/contracts/lane';
import { laneKey } from '@reelay/contracts/lane';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertAssigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { findPlace } from './find-place.js';
import { listLaneStates } from './list-lane-states.js';
import { storeLaneStates } from './store-lane-states.js';
import { surveyLane } from './survey-lane.js';

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
  await database.$executeRaw`TRUNCATE token, generation, lane_state CASCADE`;
});

const targets = { names: ['sora', 'simulator'], simulated: ['simulator'] };
const survey = (lane: Partial<Lane> = {}) =>
  surveyLane(database, {
    lane: { ...videoLane, ...lane },
    slotKind: slotKindOf(lane.kind ?? 'video'),
    ...{ targets, unlimitedSlots: 100, slotlessPerToken: 4 },
  });
const change = (id: string, data: object) => database.token.update({ where: { id }, data });

describe('the survey of a lane', () => {
  it('counts nothing where nothing is', async () => {
    expect(await survey()).toEqual({
      ...{
        tokens: 0,
        simulated: 0,
        freeSlots: 0,
        waiting: 0,
        needAttention: 0,
        resting: 0,
        cutOff: 0,
        exhausted: 0,
        busy: 0,
      },
      ...{ recoversAt: null, startEveryMs: null },
    });
  });

  it('counts each account once, under what keeps it from working', async () => {
    await insertToken(database, { videoLimit: 3, target: 'sora' });
    await insertToken(database, { videoLimit: 5, remaining: 1 });
    const busy = await insertToken(database, { videoLimit: 1 });
    await insertAssigned(database, { tokenId: busy });
    const restsUntil = new Date(Date.now() + 60_000);
    await change(await insertToken(database), { videoCoolingUntil: restsUntil });
    await insertToken(database, { remaining: 0 });
    await change(await insertToken(database), { state: 'needs_attention' });
    await change(await insertToken(database), { state: 'disabled' });
    await change(await insertToken(database), { hiddenAt: new Date() });
    await insertWaiting(database, { count: 7 });
    expect(await survey()).toEqual({
      ...{
        tokens: 6,
        simulated: 5,
        freeSlots: 4,
        waiting: 7,
        needAttention: 1,
        resting: 1,
        cutOff: 0,
        exhausted: 1,
        busy: 1,
      },
      recoversAt: restsUntil,
      startEveryMs: expect.any(Number),
    });
  });

  it('knows which accounts a lane can have', async () => {
    await insertToken(database, { plan: 'plus' });
    const pro = await insertToken(database, { plan: 'pro' });
    await change(await insertToken(database, { plan: 'pro' }), { sora2: false });
    expect((await survey()).tokens).toBe(2);
    expect((await survey({ plan: 'pro' })).tokens).toBe(1);
    expect((await survey({ tokenId: pro })).tokens).toBe(1);
    expect((await survey({ tokenId: 'gone' })).tokens).toBe(0);
  });

  it('counts places of work that holds no slot, whatever the slots and the quota are', async () => {
    const busy = await insertToken(database, { videoLimit: 1, remaining: 0 });
    await insertAssigned(database, { tokenId: busy });
    const enhance = { kind: 'enhance', workflow: 'enhance' } as const;
    for (let open = 0; open < 3; open += 1) await insertAssigned(database, { tokenId: busy, request: enhance });
    expect(await survey({ kind: 'enhance' })).toMatchObject({ tokens: 1, freeSlots: 1, busy: 0, exhausted: 0 });
    await insertAssigned(database, { tokenId: busy, request: enhance });
    expect(await survey({ kind: 'enhance' })).toMatchObject({ tokens: 1, freeSlots: 0, busy: 1 });
    await change(await insertToken(database), { videoCoolingUntil: new Date(Date.now() + 60_000) });
    await change(await insertToken(database), { videoEnabled: false });
    expect(await survey({ kind: 'enhance' })).toMatchObject({ tokens: 2, freeSlots: 0, busy: 1, resting: 1 });
  });

  /** Seconds ago, all of them by one look at the clock. */
  const started = async (rows: { created: number; assigned: number }[]) => {
    const tokenId = await insertToken(database, { videoLimit: 100 });
    const times: object[] = [];
    for (const row of rows) times.push({ ...row, id: (await insertAssigned(database, { tokenId })).generationId });
    await database.$executeRaw`
      UPDATE generation SET created_at = now() - created * interval '1 second', assigned_at = now() - assigned * interval '1 second'
      FROM jsonb_to_recordset(${JSON.stringify(times)}::jsonb) AS row (id text, created integer, assigned integer)
      WHERE generation.id = row.id`;
  };

  it('knows its pace from its latest starts', async () => {
    await started([40, 30, 20, 10].map((assigned) => ({ created: 50, assigned })));
    expect(Math.round(((await survey()).startEveryMs ?? 0) / 1_000)).toBe(10);
    // Something waits longer than any of them did, and nothing has started since.
    await insertWaiting(database, { ageMs: 60_000 });
    expect((await survey()).startEveryMs).toBeGreaterThan(14_000);
    await database.$executeRaw`UPDATE generation SET assigned_at = now() - interval '1 hour'`;
    expect((await survey()).startEveryMs).toBeNull();
  });

  it('knows the pace of a long queue from the latest fifty alone', async () => {
    const starts = Array.from({ length: 60 }, (_, no) => (no < 50 ? no * 2 : 1_000 + no));
    await started(starts.map((assigned) => ({ created: 1_700, assigned })));
    expect(Math.round(((await survey()).startEveryMs ?? 0) / 1_000)).toBe(1_050 / 50);
  });

  it('does not take a lane for slow because nobody used it for a while', async () => {
    const idle = [1_600, 1_300, 1_000, 700].map((ago) => ({ created: ago, assigned: ago }));
    await started([...idle, ...Array.from({ length: 3 }, () => ({ created: 1, assigned: 1 }))]);
    await insertWaiting(database, { count: 20, ageMs: 1_000 });
    expect((await survey()).startEveryMs).toBeLessThan(60_000);
  });

  it('stops counting waiting rows at a thousand', async () => {
    await insertWaiting(database, { count: 1_200 });
    expect((await survey()).waiting).toBe(1_000);
  });
});

describe('the stored states', () => {
  const state = {
    tokens: 1,
    simulated: 0,
    serving: 1,
    freeSlots: 2,
    waiting: 3,
    reason: null,
    recoversAt: null,
    startEveryMs: 500,
  };

  it('are replaced lane by lane, and forgotten when nobody wrote them for a while', async () => {
    const lane = laneKey(videoLane);
    await storeLaneStates(database, [
      { ...state, lane },
      { ...state, lane: 'old' },
    ]);
    const recoversAt = new Date('2030-01-02T03:04:05Z');
    await storeLaneStates(database, [{ ...state, lane, freeSlots: 0, reason: 'all are busy', recoversAt }]);
    expect(await listLaneStates(database)).toMatchObject([
      { lane: 'old', freeSlots: 2 },
      { lane, freeSlots: 0, reason: 'all are busy', recoversAt },
    ]);
    await database.$executeRaw`UPDATE lane_state SET updated_at = now() - interval '1 hour' WHERE lane = 'old'`;
    await storeLaneStates(database, [{ ...state, lane }]);
    expect(await listLaneStates(database)).toMatchObject([{ lane, freeSlots: 2, reason: null, recoversAt: null }]);
  });
});

describe('the place of a waiting generation', () => {
  it('is its number by priority and age, with an estimate and the reason of its lane', async () => {
    const rows = await insertWaiting(database, { count: 3 });
    const [urgent] = await insertWaiting(database, { priority: 1, ageMs: 1 });
    const state = { tokens: 1, simulated: 0, serving: 1, waiting: 4, recoversAt: null };
    await storeLaneStates(database, [
      { ...state, lane: laneKey(videoLane), freeSlots: 0, reason: 'the only account is busy', startEveryMs: 60_000 },
    ]);
    expect(await findPlace(database, urgent!)).toMatchObject({ position: 1 });
    const last = await findPlace(database, rows[2]!);
    expect(last).toMatchObject({ position: 4, reason: 'the only account is busy' });
    const minutes = ((last?.estimatedStartAt?.getTime() ?? 0) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(3.9);
    expect(minutes).toBeLessThan(4.1);
  });

  it('says no more than that a thousand are before it, and nothing of what does not wait or is in a lane nobody counted', async () => {
    const rows = await insertWaiting(database, { count: 1_200 });
    expect(await findPlace(database, rows[1_100]!)).toEqual({ position: 1_001, estimatedStartAt: null, reason: null });
    const { generationId } = await insertAssigned(database, { tokenId: await insertToken(database) });
    expect(await findPlace(database, generationId)).toBeUndefined();
  });
});
