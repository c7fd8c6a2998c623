/** What is refused at acceptance, and that no number of accepts at once passes a limit. */
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { waitFor } from '@reelay/testing/wait-for';
import { createDatabase, type Database } from '../client.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { type AcceptGeneration, acceptGeneration } from '../generations/accept-generation.js';
import { cancelLocked } from '../generations/cancel-generation.js';
import type { LaneState } from '../lanes/list-lane-states.js';
import { storeLaneStates } from '../lanes/store-lane-states.js';
import { inTransaction } from '../transaction.js';
import { findRefusal } from './find-refusal.js';

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
  await database.$executeRaw`TRUNCATE generation, lane_state, idempotency CASCADE`;
});

const lane = 'sora:video:any:sora2';
const request: GenerationRequest = {
  ...{ kind: 'video', workflow: 'video', model: 'sora2-landscape-10s', prompt: 'a paper boat', references: [] },
  ...{ orientation: 'landscape', seconds: 10, frames: 300, upstream: { model: 'sy_8', size: 'small' } },
};
const limits = { openPerKey: 1_000, open: 10_000 };
let accepts = 0;

function accept(changes: Partial<AcceptGeneration> = {}): AcceptGeneration {
  accepts += 1;
  return {
    ...{ id: `accept-${accepts}`, ownerId: 'owner-of-tests', apiKeyId: 'busy', dialect: 'videos', provider: 'sora' },
    ...{ lane, request, requestHash: 'same', deadlineMs: 3_600_000, waiter: 1n, limits },
    ...changes,
  };
}

/** The key and its owner exist as soon as something of theirs waits. */
const waiting = (apiKeyId: string, count = 1) => insertWaiting(database, { apiKeyId, count, lane: videoLane });
const outcomeOf = async (changes: Partial<AcceptGeneration> = {}) => acceptGeneration(database, accept(changes));

describe('limits of what is open', () => {
  test.each([
    ['of a key', { openPerKey: 12, open: 10_000 }, { scope: 'key', most: 12 }],
    ['of all', { openPerKey: 1_000, open: 12 }, { scope: 'all', most: 12 }],
  ])('%s are reached and never passed, however many accepts come at once', async (_, few, refusal) => {
    await waiting('busy', 3);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcomeOf({ limits: few })));
    expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(9);
    const full = { outcome: 'full', startEveryMs: null, ...refusal };
    expect(outcomes.filter(({ outcome }) => outcome !== 'accepted')).toEqual(Array(11).fill(full));
    expect(await database.generation.count()).toBe(12);
  });

  test('let accepts far from them pass each other, and near them wait for one another', async () => {
    await waiting('busy');
    await database.$transaction(async (tx) => {
      expect(await acceptGeneration(tx, accept())).toMatchObject({ outcome: 'accepted' });
      expect(await outcomeOf()).toMatchObject({ outcome: 'accepted' });
    });
    const near = { openPerKey: 4, open: 10_000 };
    let second: Promise<unknown> | undefined;
    await database.$transaction(async (tx) => {
      expect(await acceptGeneration(tx, accept({ limits: near }))).toMatchObject({ outcome: 'accepted' });
      second = outcomeOf({ limits: near });
      await waitFor(isSomebodyWaiting, { timeoutMs: 1_500, intervalMs: 5 });
    });
    expect(await second).toMatchObject({ outcome: 'full', scope: 'key', most: 4 });
  });

  test('are shared again by those far from them, once somebody near them has committed', async () => {
    await waiting('busy');
    const near = { openPerKey: 4, open: 10_000 };
    let far: Promise<unknown> | undefined;
    await database.$transaction(async (tx) => {
      expect(await acceptGeneration(tx, accept({ limits: near }))).toMatchObject({ outcome: 'accepted' });
      far = database.$transaction(async (first) => {
        expect(await acceptGeneration(first, accept())).toMatchObject({ outcome: 'accepted' });
        // It has not committed yet, and this one does not wait for it.
        expect(await outcomeOf()).toMatchObject({ outcome: 'accepted' });
      });
      await waitFor(isSomebodyWaiting, { timeoutMs: 1_500, intervalMs: 5 });
    });
    await far;
    expect(await database.$queryRaw`SELECT key FROM admission_mark WHERE key = 'busy'`).toHaveLength(1);
  });

  test('refuse at once what is over them, while somebody near them has not committed yet', async () => {
    await waiting('busy', 3);
    const near = { openPerKey: 5, open: 10_000 };
    await database.$transaction(async (tx) => {
      expect(await acceptGeneration(tx, accept({ limits: near }))).toMatchObject({ outcome: 'accepted' });
      await waiting('busy', 2);
      // Waiting for that one, it would wait for ever.
      expect(await outcomeOf({ limits: near })).toMatchObject({ outcome: 'full', scope: 'key', most: 5 });
    });
  });

  test('are reached and never passed where most accepts are let in without counting', async () => {
    await waiting('busy');
    await database.$executeRaw`TRUNCATE admission_mark`;
    const few = { openPerKey: 20 * Math.ceil((await mostUnseen()) / 20 + 2), open: 10_000 };
    const outcomes: { outcome: string }[] = [];
    // As many at once as there are connections; more would only wait for one.
    const client = async () => {
      for (let left = (few.openPerKey + 20) / 20; left > 0; left -= 1) outcomes.push(await outcomeOf({ limits: few }));
    };
    await Promise.all(Array.from({ length: 20 }, client));
    expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(few.openPerKey - 1);
    expect(outcomes.filter(({ outcome }) => outcome === 'full')).toHaveLength(21);
    expect(await database.admissionMark.findMany({ where: { key: 'busy' } })).toHaveLength(1);
  });

  test('let in again as many as have ended, whatever the mark says', async () => {
    await waiting('busy', 2);
    await outcomeOf();
    const far = 100_000_000;
    await database.$executeRaw`UPDATE admission_mark SET opened = ${far}, at_no = at_no - 1 WHERE key = 'busy'`;
    expect(await outcomeOf()).toMatchObject({ outcome: 'accepted' });
  });

  test('do not believe a mark from ahead of the numbers', async () => {
    const few = { openPerKey: (await mostUnseen()) + 3, open: 10_000 };
    await waiting('busy', few.openPerKey);
    await database.$executeRaw`
      INSERT INTO admission_mark (key, opened, at_no) VALUES ('busy', 0, 1000000000)
      ON CONFLICT (key) DO UPDATE SET opened = 0, at_no = excluded.at_no`;
    expect(await outcomeOf({ limits: few })).toMatchObject({ outcome: 'full', scope: 'key' });
    await database.$executeRaw`TRUNCATE admission_mark`;
  });

  test('count what is open, not what has ended, and each key for itself', async () => {
    const few = { openPerKey: 2, open: 10_000 };
    await waiting('other');
    const [first] = await waiting('busy', 2);
    expect(await outcomeOf({ limits: few })).toMatchObject({ outcome: 'full', scope: 'key' });
    expect(await outcomeOf({ limits: few, apiKeyId: 'other' })).toMatchObject({ outcome: 'accepted' });
    await inTransaction(database, (tx) => cancelLocked(tx, { id: first!, state: 'queued' }));
    expect(await outcomeOf({ limits: few })).toMatchObject({ outcome: 'accepted' });
  });

  test('refuse nobody what an Idempotency-Key made before', async () => {
    await waiting('busy', 4);
    const idempotency = { key: 'again', keepMs: 60_000 };
    const few = { openPerKey: 5, open: 10_000 };
    const outcomes = await Promise.all(Array.from({ length: 15 }, () => outcomeOf({ limits: few, idempotency })));
    expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'repeated')).toHaveLength(14);
    expect(await outcomeOf({ limits: few, idempotency: { ...idempotency, key: 'new' } })).toMatchObject({
      outcome: 'full',
    });
    expect(await database.idempotency.count()).toBe(1);
  });
});

async function mostUnseen(): Promise<number> {
  const [row] = await database.$queryRaw<{ most: number }[]>`SELECT most_unseen_admissions() AS most`;
  return row?.most ?? 0;
}

async function isSomebodyWaiting(): Promise<boolean> {
  const [row] = await database.$queryRaw<{ count: bigint }[]>`
    SELECT count(*) AS count FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()`;
  return row?.count === 1n;
}

describe('the outlook of a lane', () => {
  const state = (changes: Partial<LaneState> = {}): Omit<LaneState, 'updatedAt'> => ({
    ...{ lane, tokens: 2, simulated: 0, serving: 2, freeSlots: 0, waiting: 0 },
    ...{ reason: 'why', recoversAt: null, startEveryMs: null },
    ...changes,
  });
  const store = (changes: Partial<LaneState>) => storeLaneStates(database, [state(changes)]);
  const from = (ms: number) => new Date(Date.now() + ms);
  beforeEach(() => waiting('busy'));

  test.each<[string, Partial<LaneState>, string]>([
    ['busy accounts make it wait', {}, 'accepted'],
    ['accounts that are back in time make it wait', { serving: 0, recoversAt: from(600_000) }, 'accepted'],
    ['accounts that are back too late refuse it', { serving: 0, recoversAt: from(9_000_000) }, 'out'],
    ['accounts that are not known to come back refuse it', { serving: 0 }, 'out'],
    ['what an earlier release counted refuses nothing', { serving: null }, 'accepted'],
    ['no account at all refuses it for good', { tokens: 0, serving: 0 }, 'unserved'],
  ])('%s', async (_, changes, outcome) => {
    await store(changes);
    const refusal = await findRefusal(database, {
      lane,
      kind: 'video',
      apiKeyId: 'busy',
      deadlineMs: 3_600_000,
      limits,
    });
    expect(refusal?.outcome ?? 'accepted').toBe(outcome);
    expect((await outcomeOf()).outcome).toBe(outcome);
    expect(await database.generation.count()).toBe(outcome === 'accepted' ? 2 : 1);
  });

  test('counts that nobody renews refuse nothing', async () => {
    await store({ serving: 0 });
    await database.$executeRaw`UPDATE lane_state SET updated_at = now() - interval '10 minutes'`;
    expect(await outcomeOf()).toMatchObject({ outcome: 'accepted' });
  });

  test('whose turn would come after the deadline is refused, with the time until then', async () => {
    await waiting('busy', 20);
    await store({ waiting: 21, startEveryMs: 300_000 });
    expect(await outcomeOf()).toEqual({ outcome: 'hopeless', waitMs: 22 * 300_000 });
    await store({ waiting: 21, startEveryMs: 100_000 });
    expect(await outcomeOf()).toMatchObject({ outcome: 'accepted' });
  });

  test('a key with nothing waiting is not refused for what another one has waiting', async () => {
    await waiting('busy', 200);
    await waiting('calm', 1);
    await store({ waiting: 202, startEveryMs: 60_000 });
    expect((await outcomeOf()).outcome).toBe('hopeless');
    expect((await outcomeOf({ apiKeyId: 'calm' })).outcome).toBe('accepted');
  });

  test('a free slot makes nothing hopeless', async () => {
    await store({ waiting: 100, startEveryMs: 600_000, freeSlots: 1 });
    expect(await outcomeOf()).toMatchObject({ outcome: 'accepted' });
  });
});
