import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { closeAttempt } from '../attempts/close-attempt.js';
import { markUnknown } from '../attempts/mark-unknown.js';
import { createDatabase, type Database } from '../client.js';
import { type Assigned, insertAssigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { failGeneration } from '../generations/fail-generation.js';
import { writeSealedSetting } from '../sealed-settings.js';
import { inTransaction } from '../transaction.js';
import { type AssignLane, assignLane } from './assign-lane.js';
import type { Assignment } from './take-slots.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: 12 });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation, api_key CASCADE`;
});

const targets = { names: ['sora', 'simulator'], simulated: ['simulator'] };

async function assign(options: Partial<AssignLane> = {}, from = database): Promise<Assignment[]> {
  const assigned: Assignment[] = [];
  await assignLane(from, {
    ...{ lane: videoLane, slotKind: 'video', targets, unlimitedSlots: 100, slotlessPerToken: 4, batchSize: 50 },
    ...{ newId: randomUUID, turns: () => [], signal: new AbortController().signal },
    onAssigned: (assignments) => assigned.push(...assignments),
    ...options,
  });
  return assigned;
}

const idsOf = (assignments: readonly Assignment[]) => assignments.map(({ generationId }) => generationId).sort();
const tokensOf = (assignments: readonly Assignment[]) => assignments.map(({ tokenId }) => tokenId).sort();
const exclude = (generationIds: readonly string[], tokenId: string, untilMs = 60_000) =>
  database.generationExclusion.createMany({
    data: generationIds.map((generationId) => ({ generationId, tokenId, until: new Date(Date.now() + untilMs) })),
  });
const generation = (id: string) => database.generation.findUniqueOrThrow({ where: { id } });

async function free({ attemptId, generationId }: Assignment): Promise<void> {
  await inTransaction(database, async (tx) => {
    await tx.generation.update({ where: { id: generationId }, data: { tokenId: null, fence: { increment: 1 } } });
    await closeAttempt(tx, { attemptId, from: ['intent'], to: 'not_sent' });
  });
}

describe('what an assignment writes', () => {
  it('is slot, intent attempt and generation together', async () => {
    const tokenId = await insertToken(database);
    await database.token.update({ where: { id: tokenId }, data: { proxySealed: 'sealed proxy' } });
    const [generationId = ''] = await insertWaiting(database);
    const [assignment] = await assign();
    expect(assignment).toEqual({ generationId, tokenId, attemptId: expect.any(String) });
    expect(await generation(generationId)).toMatchObject({
      ...{ tokenId, fence: 1n, simulated: true, state: 'queued', stage: 'waiting', refusals: 0 },
      assignedAt: expect.any(Date),
    });
    expect(await database.submitAttempt.findMany()).toMatchObject([
      {
        ...{ id: assignment?.attemptId, generationId, step: 1, n: 1, tokenId, provider: 'sora', state: 'intent' },
        ...{ fence: 1n, takesTurn: true, slotless: false, proxySealed: 'sealed proxy', proxyPlace: 'token' },
      },
    ]);
    expect(await database.tokenSlot.findMany()).toMatchObject([
      { tokenId, kind: 'video', slotNo: 0, attemptId: assignment?.attemptId },
    ]);
  });

  it.each<[string, Partial<AssignLane>]>([
    ['a slot', {}],
    ['no slot', { lane: { ...videoLane, kind: 'enhance' as const }, slotKind: undefined }],
  ])('is the proxy of the token, else of the installation, for work that holds %s', async (_what, options) => {
    const key = 'proxy.default';
    const write = (valueSealed: string | null) => writeSealedSetting(database, key, valueSealed);
    const proxyOf = async (proxySealed?: string) => {
      await database.$executeRaw`TRUNCATE token, generation CASCADE`;
      await insertToken(database, proxySealed === undefined ? {} : { proxySealed });
      await insertWaiting(database, { lane: options.lane ?? {} });
      expect(await assign(options)).toHaveLength(1);
      const attempt = await database.submitAttempt.findFirstOrThrow();
      return [attempt.proxySealed, attempt.proxyPlace];
    };
    expect(await proxyOf()).toEqual([null, null]);
    await write('of all');
    expect(await proxyOf()).toEqual(['of all', key]);
    expect(await proxyOf('its own')).toEqual(['its own', 'token']);
    await write(null);
    expect(await proxyOf('its own')).toEqual(['its own', 'token']);
  });

  it('counts earlier attempts of the step and drops exclusions that are over', async () => {
    const tokenId = await insertToken(database);
    const [generationId = ''] = await insertWaiting(database);
    const [first] = await assign();
    await free(first!);
    await exclude([generationId], tokenId, -1_000);
    await assign();
    expect(await database.submitAttempt.findMany({ orderBy: { n: 'asc' } })).toMatchObject([
      { n: 1, state: 'not_sent', fence: 1n },
      { n: 2, state: 'intent', fence: 3n },
    ]);
    expect(await database.generationExclusion.count()).toBe(0);
  });

  it('does not touch a row that still has an open attempt', async () => {
    await insertToken(database);
    const [generationId = ''] = await insertWaiting(database);
    const [first] = await assign();
    await database.generation.update({ where: { id: generationId }, data: { tokenId: null, fence: { increment: 1 } } });
    expect(await assign()).toEqual([]);
    expect(await database.submitAttempt.findMany()).toMatchObject([{ id: first?.attemptId, state: 'intent' }]);
  });
});

describe('limits', () => {
  it('hold at every instant with 8 concurrent assigners, 200 waiting rows and 5 tokens, while slots come and go', async () => {
    const limits = [1, 2, 3, 5, 8];
    const tokens = await Promise.all(limits.map((videoLimit) => insertToken(database, { videoLimit })));
    await insertWaiting(database, { count: 200 });
    const replicas = Array.from({ length: 8 }, (_, no) =>
      createDatabase({ url: file.url, applicationName: `assigner ${no}`, poolSize: 1 }),
    );
    const open: Assignment[] = [];
    let ended = 0;
    const assigning = replicas.map(async (replica) => {
      while (ended < 200) {
        open.push(...(await assign({ batchSize: 7 }, replica)));
        await breathe();
      }
    });
    const ending = Array.from({ length: 3 }, async () => {
      while (ended < 200) {
        const next = open.splice(Math.floor(Math.random() * open.length), 1)[0];
        if (next) await end(next).then(() => (ended += 1));
        else await breathe();
      }
    });
    const watching = (async () => {
      while (ended < 200) {
        const slots = await database.tokenSlot.findMany();
        for (const { tokenId, slotNo } of slots) expect(slotNo).toBeLessThan(limits[tokens.indexOf(tokenId)] ?? 0);
        await breathe();
      }
    })();
    await Promise.all([...assigning, ...ending, watching]);
    await Promise.all(replicas.map((replica) => replica.$disconnect()));
    expect(await database.tokenSlot.count()).toBe(0);
    const perGeneration = await database.submitAttempt.groupBy({ by: ['generationId'], _count: true });
    expect(perGeneration).toHaveLength(200);
    expect(perGeneration.every(({ _count }) => _count === 1)).toBe(true);
  }, 60_000);

  it('are reached: concurrent assigners leave no slot free while something waits', async () => {
    const limits = [1, 2, 3, 5, 8];
    const tokens = await Promise.all(limits.map((videoLimit) => insertToken(database, { videoLimit })));
    await insertWaiting(database, { count: 200 });
    await Promise.all(Array.from({ length: 8 }, () => assign({ batchSize: 7 })));
    for (const [index, tokenId] of tokens.entries()) {
      const slots = await database.tokenSlot.findMany({ where: { tokenId }, orderBy: { slotNo: 'asc' } });
      expect(slots.map(({ slotNo }) => slotNo)).toEqual([...Array(limits[index]).keys()]);
    }
  });

  /** Loops that would otherwise keep the machine from the others. */
  const breathe = () => new Promise((resolve) => setTimeout(resolve, 5));

  async function end({ attemptId, generationId }: Assignment): Promise<void> {
    await inTransaction(database, async (tx) => {
      await tx.$executeRaw`
        UPDATE generation SET state = 'cancelled', stage = 'ended', completed_at = now(), error = '{}' WHERE id = ${generationId}`;
      await closeAttempt(tx, { attemptId, from: ['intent'], to: 'not_sent' });
    });
  }

  it('that were lowered give nothing until enough slots came back', async () => {
    const tokenId = await insertToken(database, { videoLimit: 3 });
    await insertWaiting(database, { count: 10 });
    const given = await assign();
    expect(given).toHaveLength(3);
    await database.token.update({ where: { id: tokenId }, data: { videoLimit: 2 } });
    await free(given[0]!);
    expect(await assign()).toEqual([]);
    await free(given[1]!);
    expect(await assign()).toHaveLength(1);
    const slots = await database.tokenSlot.findMany({ where: { tokenId } });
    expect(slots).toHaveLength(2);
  });

  it('of -1 mean as many as the setting says', async () => {
    await insertToken(database, { videoLimit: -1 });
    await insertWaiting(database, { count: 30 });
    expect(await assign({ unlimitedSlots: 20, batchSize: 6 })).toHaveLength(20);
  });

  it('of one kind leave the other alone', async () => {
    const tokenId = await insertToken(database, { videoLimit: 0 });
    await insertWaiting(database);
    await insertWaiting(database, { lane: { kind: 'image' } });
    expect(await assign()).toEqual([]);
    expect(tokensOf(await assign({ lane: { ...videoLane, kind: 'image' }, slotKind: 'image' }))).toEqual([tokenId]);
  });
});

describe('quota', () => {
  it('of two videos starts two, whatever the limit, also with many assigners', async () => {
    await insertToken(database, { videoLimit: 5, remaining: 2 });
    await insertWaiting(database, { count: 20 });
    const given = await Promise.all(Array.from({ length: 8 }, () => assign()));
    expect(given.flat()).toHaveLength(2);
    expect(await database.tokenSlot.count()).toBe(2);
  });

  it('that is used up lets the token rest until it starts again, and images go on meanwhile', async () => {
    const tokenId = await insertToken(database, { remaining: 0 });
    await insertWaiting(database, { count: 2 });
    await insertWaiting(database, { lane: { kind: 'image' } });
    expect(await assign()).toEqual([]);
    expect(await assign({ lane: { ...videoLane, kind: 'image' }, slotKind: 'image' })).toHaveLength(1);
    await database.token.update({ where: { id: tokenId }, data: { resetsAt: new Date(Date.now() + 60_000) } });
    expect(await assign()).toEqual([]);
    await database.token.update({ where: { id: tokenId }, data: { resetsAt: new Date(Date.now() - 1_000) } });
    expect(await assign()).toHaveLength(2);
  });
});

describe('the quota of videos', () => {
  it('is left at its margin, and two of five slots are started where two are left', async () => {
    await insertToken(database, { videoLimit: 5, remaining: 4 });
    await insertWaiting(database, { count: 5 });
    expect(await assign({ quotaMargin: 2 })).toHaveLength(2);
  });

  const request = { workflow: 'character_video' } as const;
  const acknowledge = (one: Assigned) =>
    acknowledgeSubmit(database, { ...one, operation: { id: one.attemptId }, from: ['sent'], litterId: one.attemptId });

  it('is kept for one that is still on the way to its video, until that has ended', async () => {
    const tokenId = await insertToken(database, { remaining: 1 });
    const one = await insertAssigned(database, { tokenId, request });
    await beginSend(database, one);
    await acknowledge(one);
    await insertWaiting(database);
    expect(await assign()).toEqual([]);
    await failGeneration(database, one.generationId, { code: 'cancelled', message: 'x' });
    expect(await assign()).toHaveLength(1);
  });

  it('neither keeps a character from being made nor is kept for one', async () => {
    const tokenId = await insertToken(database, { remaining: 1 });
    await insertAssigned(database, { tokenId, request: { kind: 'character', workflow: 'character' } });
    await insertWaiting(database);
    expect(await assign()).toHaveLength(1);
    await insertWaiting(database, { lane: { kind: 'character' } });
    expect(await assign({ lane: { ...videoLane, kind: 'character' } })).toHaveLength(1);
  });
});

describe('the order of rows', () => {
  it('takes turns between API keys: three rows of one are not behind a hundred of another', async () => {
    await insertToken(database, { videoLimit: 6 });
    const flood = await insertWaiting(database, { count: 100, apiKeyId: 'key-a', ageMs: 60_000 });
    const few = await insertWaiting(database, { count: 3, apiKeyId: 'key-b', ageMs: 1_000 });
    expect(idsOf(await assign())).toEqual([...few, ...flood.slice(0, 3)].sort());
  });

  it('gives a key with many waiting all the slots that others with few of theirs leave', async () => {
    await insertToken(database, { videoLimit: 20 });
    const one = await Promise.all(
      ['b', 'c', 'd', 'e'].map((name) => insertWaiting(database, { apiKeyId: `key-${name}` })),
    );
    const flood = await insertWaiting(database, { count: 30, apiKeyId: 'key-a' });
    expect(idsOf(await assign())).toEqual([...one.flat(), ...flood.slice(0, 16)].sort());
  });

  it('prefers, of equals, the key that was served the longest ago to the older row', async () => {
    await insertToken(database, { videoLimit: 1 });
    await insertWaiting(database, { count: 5, apiKeyId: 'key-a', ageMs: 60_000 });
    const [late] = await insertWaiting(database, { apiKeyId: 'key-b', ageMs: 1_000 });
    const turns = () => [
      { key: 'key-b', turn: 1 },
      { key: 'key-a', turn: 2 },
    ];
    expect(idsOf(await assign({ turns }))).toEqual([late]);
  });

  it('puts priority first and counts rows without a key as one key', async () => {
    await insertToken(database, { videoLimit: 3 });
    const [urgent] = await insertWaiting(database, { apiKeyId: 'key-a', priority: 5, ageMs: 1_000 });
    const keyless = await insertWaiting(database, { count: 4, ageMs: 90_000 });
    const [other] = await insertWaiting(database, { apiKeyId: 'key-b', ageMs: 500 });
    expect(idsOf(await assign())).toEqual([urgent, keyless[0], other].sort());
  });

  it('passes over rows that may not start yet and rows that are too late', async () => {
    await insertToken(database);
    await insertWaiting(database, { notBeforeMs: 60_000 });
    await insertWaiting(database, { deadlineMs: -1 });
    const [ready] = await insertWaiting(database, { notBeforeMs: -1_000, ageMs: 10 });
    expect(idsOf(await assign())).toEqual([ready]);
  });

  it('does not hold up the rows behind 200 that exclude the only free token', async () => {
    const tokenId = await insertToken(database, { videoLimit: 2 });
    const excluding = await insertWaiting(database, { count: 200, apiKeyId: 'key-a' });
    await exclude(excluding, tokenId);
    const behind = await insertWaiting(database, { count: 5, apiKeyId: 'key-a', ageMs: 10 });
    expect(idsOf(await assign())).toEqual(behind.slice(0, 2));
    expect(await generation(excluding[0]!)).toMatchObject({ tokenId: null });
  });

  it('gives a row that excludes one token to another one', async () => {
    const [first, second] = [
      await insertToken(database, { videoLimit: 1 }),
      await insertToken(database, { videoLimit: 1 }),
    ];
    const rows = await insertWaiting(database, { count: 2 });
    await exclude([rows[0]!], first);
    await exclude([rows[1]!], second);
    const given = await assign();
    expect(new Map(given.map(({ generationId, tokenId }) => [generationId, tokenId]))).toEqual(
      new Map([
        [rows[0], second],
        [rows[1], first],
      ]),
    );
  });
});

describe('the choice of tokens', () => {
  it('fills those that are least loaded first, and a pro account last', async () => {
    const pro = await insertToken(database, { plan: 'pro', videoLimit: 2 });
    const small = await insertToken(database, { plan: 'free', videoLimit: 2 });
    const large = await insertToken(database, { plan: 'plus', videoLimit: 4 });
    await insertWaiting(database, { count: 3 });
    expect(tokensOf(await assign())).toEqual([small, large, large].sort());
    await insertWaiting(database, { count: 5 });
    expect(tokensOf(await assign())).toEqual([small, large, large, pro, pro].sort());
  });

  it('gives rows that need plan pro to pro accounts only', async () => {
    await insertToken(database, { plan: 'plus' });
    const pro = await insertToken(database, { plan: 'pro' });
    await insertWaiting(database, { count: 5, lane: { plan: 'pro' } });
    expect(tokensOf(await assign({ lane: { ...videoLane, plan: 'pro' } }))).toEqual([pro, pro, pro]);
  });

  it('gives a pinned row to its token only, also when it excludes it', async () => {
    await insertToken(database);
    const pinned = await insertToken(database, { videoLimit: 1 });
    const rows = await insertWaiting(database, { count: 2, lane: { tokenId: pinned } });
    await exclude(rows, pinned);
    expect(tokensOf(await assign({ lane: { ...videoLane, tokenId: pinned } }))).toEqual([pinned]);
  });

  it.each([
    ['rests', { videoCoolingUntil: new Date(Date.now() + 3_600_000) }],
    ['needs attention', { state: 'needs_attention' }],
    ['was disabled', { state: 'disabled' }],
    ['was deleted', { hiddenAt: new Date() }],
    ['is switched off for videos', { videoEnabled: false }],
    ['has no Sora 2', { sora2: false }],
    ['belongs to a target this process does not know', { target: 'elsewhere' }],
    ['belongs to another provider', { provider: 'openai' }],
  ])('leaves out an account that %s', async (_why, data) => {
    const tokenId = await insertToken(database);
    await database.token.update({ where: { id: tokenId }, data });
    await insertWaiting(database);
    expect(await assign()).toEqual([]);
  });

  it('takes an account again whose rest is over, and one whose Sora 2 is unknown', async () => {
    const tokenId = await insertToken(database);
    await database.token.update({
      where: { id: tokenId },
      data: { videoCoolingUntil: new Date(Date.now() - 1_000), sora2: null },
    });
    await insertWaiting(database);
    expect(await assign()).toHaveLength(1);
  });

  it('leaves out an account whose unknown submit holds the turn, and one whose quota is used up by videos', async () => {
    const unknown = await insertToken(database);
    const one = await insertAssigned(database, { tokenId: unknown });
    await beginSend(database, { ...one, knownBefore: { pending: [], finished: [] } });
    await markUnknown(database, one.attemptId, 'reset');
    const free = await insertToken(database, { videoLimit: 3, remaining: 1 });
    const texts = { kind: 'enhance', workflow: 'enhance' } as const;
    await insertAssigned(database, { tokenId: free, request: texts });
    await insertWaiting(database, { count: 3 });
    expect(tokensOf(await assign())).toEqual([free]);
  });

  it('marks what the simulator will make, and nothing else', async () => {
    await insertToken(database, { target: 'sora', videoLimit: 1 });
    const [generationId = ''] = await insertWaiting(database);
    await assign();
    expect(await generation(generationId)).toMatchObject({ simulated: false });
  });
});
