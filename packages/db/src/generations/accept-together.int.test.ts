/** That accepts of one statement are what they would be alone, and pass no limit. */
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { storeLaneStates } from '../lanes/store-lane-states.js';
import { acceptAlone } from './accept-alone.js';
import { type AcceptGeneration, acceptGeneration } from './accept-generation.js';
import { acceptTogether } from './accept-together.js';
import { gatherAccepts } from './gathered-accepts.js';

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
const lane = 'sora:video:any:sora2';
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE generation, usage, lane_state, admission_mark CASCADE`;
  // The key and its owner exist as soon as something of theirs waits.
  await insertWaiting(database, { apiKeyId: 'busy', count: 1, lane: videoLane });
  await insertWaiting(database, { apiKeyId: 'other', count: 1, lane: videoLane });
});

const request: GenerationRequest = {
  ...{ kind: 'video', workflow: 'video', model: 'sora2-landscape-10s', prompt: 'a "paper" boat \\ ☂', references: [] },
  ...{ orientation: 'landscape', seconds: 10, frames: 300, upstream: { model: 'sy_8', size: 'small' } },
};
let accepts = 0;

function accept(changes: Partial<AcceptGeneration> = {}): AcceptGeneration {
  accepts += 1;
  return {
    ...{ id: `together-${accepts}`, ownerId: 'owner-of-tests', apiKeyId: 'busy', dialect: 'videos', provider: 'sora' },
    ...{ lane, request, requestHash: 'same', deadlineMs: 3_600_000, waiter: 2n ** 62n + 1n },
    ...changes,
  };
}

test('writes of each what an accept alone writes, and returns the same', async () => {
  await database.$executeRaw`UPDATE api_key SET priority = 3 WHERE id = 'busy'`;
  const counts = { tokens: 1, simulated: 1, serving: 1, freeSlots: 0, waiting: 0 };
  await storeLaneStates(database, [{ ...counts, lane, reason: null, recoversAt: null, startEveryMs: null }]);
  const alone = accept();
  const [one, two] = [accept(), accept({ lane: 'sora:video:plus:sora2', apiKeyId: null, requestHash: 'of two' })];
  const acceptance = await acceptGeneration(database, alone);
  const together = await acceptTogether(database, [one, two]);
  expect([...together.keys()]).toEqual([one.id, two.id]);
  const times = { createdAt: expect.any(Date), deadlineAt: expect.any(Date) };
  expect(acceptance).toEqual({
    outcome: 'accepted',
    generation: { ...together.get(one.id), ...times, id: alone.id },
  });
  const wanted = await rowsOf(alone.id);
  expect(await rowsOf(one.id)).toEqual(wanted);
  expect(await rowsOf(two.id)).toEqual({
    generation: {
      ...{ ...wanted.generation, apiKeyId: null, lane: 'sora:video:plus:sora2', requestHash: 'of two' },
      ...{ priority: 0, simulated: false },
    },
    events: wanted.events,
    usage: { ...wanted.usage, apiKeyId: null },
  });
  await database.$executeRaw`UPDATE api_key SET priority = 0 WHERE id = 'busy'`;
});

test('of those that start from others each is simulated as its own was, where its lane is not counted yet', async () => {
  const [parent, other] = [accept(), accept()];
  await acceptTogether(database, [parent, other]);
  await database.generation.update({ where: { id: parent.id }, data: { simulated: true } });
  const remixOf = ({ id }: AcceptGeneration) => {
    const draft = { type: 'draft', id: `gen_${id}`, generationId: id } as const;
    return accept({ lane: `${lane}:token-1`, request: { ...request, workflow: 'remix', parent: draft } });
  };
  const remixes = [remixOf(parent), remixOf(other), accept({ lane: `${lane}:token-1` })];
  const accepted = await acceptTogether(database, remixes);
  expect(remixes.map(({ id }) => accepted.get(id)?.simulated)).toEqual([true, false, false]);
});

/** Without what is another of each. */
async function rowsOf(id: string) {
  const {
    id: _,
    createdAt,
    deadlineAt,
    ...generation
  } = await database.generation.findUniqueOrThrow({ where: { id } });
  expect(deadlineAt.getTime() - createdAt.getTime()).toBe(3_600_000);
  const events = await database.generationEvent.findMany({
    where: { generationId: id },
    select: { seq: true, type: true, data: true },
  });
  const {
    generationId,
    createdAt: __,
    ...usage
  } = await database.usage.findUniqueOrThrow({ where: { generationId: id } });
  return { generation, events, usage };
}

const limits = { openPerKey: 5_000, open: 100_000 };

describe('what is to be looked at more closely', () => {
  /** By which accepts know that they are far from the limits. */
  const mark = async (apiKeyId: string) => acceptAlone(database, accept({ apiKeyId, limits }));
  const outcomeOf = async (...wanted: AcceptGeneration[]) => [...(await acceptTogether(database, wanted)).keys()];

  test('is left out and not written: what is over a limit of its key, or near it', async () => {
    await mark('busy');
    await mark('other');
    const near = { ...limits, openPerKey: 20 };
    const [own, other] = [accept({ limits: near }), accept({ apiKeyId: 'other', limits })];
    expect(await outcomeOf(own, other)).toEqual([other.id]);
    expect(await database.generation.findUnique({ where: { id: own.id } })).toBeNull();
  });

  test('is left out: what nobody has counted yet, until somebody has', async () => {
    const one = accept({ limits });
    expect(await outcomeOf(one)).toEqual([]);
    await mark('busy');
    expect(await outcomeOf(one)).toEqual([one.id]);
  });

  test('is left out: a key with a quota, and only it', async () => {
    await database.$executeRaw`UPDATE api_key SET daily_quota = '{"video": 100}' WHERE id = 'busy'`;
    const [own, other] = [accept(), accept({ apiKeyId: 'other' })];
    expect(await outcomeOf(own, other)).toEqual([other.id]);
    await database.$executeRaw`UPDATE api_key SET daily_quota = NULL WHERE id = 'busy'`;
  });

  test('is left out: a lane that nobody serves', async () => {
    const counts = { tokens: 0, simulated: 0, serving: 0, freeSlots: 0, waiting: 0 };
    await storeLaneStates(database, [{ ...counts, lane, reason: 'none', recoversAt: null, startEveryMs: null }]);
    const [own, other] = [accept(), accept({ lane: 'sora:video:plus:sora2' })];
    expect(await outcomeOf(own, other)).toEqual([other.id]);
  });
});

test('limits are reached and never passed, whoever comes alone and whoever together', async () => {
  const [server] = await database.$queryRaw<{ most: number }[]>`SELECT most_unseen_admissions() AS most`;
  const few = { openPerKey: 30 * Math.ceil((server?.most ?? 0) / 30 + 2), open: 100_000 };
  // Two processes, and somebody whose accepts never go with others.
  const alone = { accept: (one: AcceptGeneration) => acceptAlone(database, one) };
  const sides = [gatherAccepts(database), gatherAccepts(database), alone];
  const outcomes: { outcome: string }[] = [];
  const client = async (no: number) => {
    for (let left = few.openPerKey / 30 + 1; left > 0; left -= 1) {
      outcomes.push(await sides[no % 3]!.accept(accept({ limits: few })));
    }
  };
  await Promise.all(Array.from({ length: 30 }, (_, no) => client(no)));
  // One was there before.
  expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(few.openPerKey - 1);
  expect(outcomes.filter(({ outcome }) => outcome === 'full')).toHaveLength(31);
  expect(await database.generation.count({ where: { apiKeyId: 'busy' } })).toBe(few.openPerKey);
});

test('counts of others miss no more than is allowed for: at most eight statements of several are under way at once', async () => {
  await acceptAlone(database, accept({ limits }));
  const ends: (() => void)[] = [];
  const held = [];
  for (let n = 0; n < 8; n += 1) {
    let isIn: () => void = () => undefined;
    const entered = new Promise<void>((resolve) => {
      isIn = resolve;
    });
    held.push(
      database.$transaction(
        async (tx) => {
          expect((await acceptTogether(tx, [accept({ limits }), accept({ limits })])).size).toBe(2);
          isIn();
          await new Promise<void>((resolve) => ends.push(resolve));
        },
        { timeout: 15_000 },
      ),
    );
    await entered;
  }
  const ninth = [accept({ limits }), accept({ limits })];
  expect((await acceptTogether(database, ninth)).size).toBe(0);
  for (const end of ends) end();
  await Promise.all(held);
  expect((await acceptTogether(database, ninth)).size).toBe(2);
});
