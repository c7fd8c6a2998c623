import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { assignLane } from '../assign/assign-lane.js';
import { createDatabase, type Database } from '../client.js';
import { type Assigned, assignTo, insertAssigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { failGeneration } from '../generations/fail-generation.js';
import { findDraftMaker, findOwnDraft } from '../generations/find-draft.js';
import { findRunSubject } from '../generations/find-run-subject.js';
import { storePrepared } from '../generations/move-assigned.js';
import { finishLitter, takeDueLitter } from '../litter/work-off-litter.js';
import { findMissingJobs } from '../repair/find-missing-jobs.js';
import { findCredential } from '../tokens/find-credential.js';
import { forgetHiddenSecrets, hideToken } from '../tokens/hide-token.js';
import { acknowledgeSubmit } from './acknowledge-submit.js';
import { beginSend } from './begin-send.js';
import { closeAbsent } from './close-unknown.js';
import { findUnknownSubject } from './find-unknown-subject.js';
import { markUnknown } from './mark-unknown.js';
import { withdrawAttempt } from './withdraw-attempt.js';
import { type PollOutcomes, writePollOutcomes } from './write-poll-outcomes.js';

let file: TestDatabase;
let database: Database;
let tokenId: string;

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
  tokenId = await insertToken(database, { videoLimit: 1, proxySealed: 'sealed proxy', remaining: 5 });
});

const cancelled = { code: 'cancelled', message: 'x' } as const;
const nothing: PollOutcomes = { pending: [], progressed: [], done: [], next: [], refused: [] };
const acknowledge = (one: Assigned, litter: { id: string; kind: string; reference: string }[] = []) =>
  acknowledgeSubmit(database, {
    ...{ ...one, operation: { id: `cameo:${one.attemptId}` }, from: ['sent', 'unknown'] as const, litter },
    litterId: `late-${one.attemptId}`,
  });
const sentStep = async () => {
  const one = await insertAssigned(database, { tokenId, request: { workflow: 'character_video' } });
  await beginSend(database, one);
  return one;
};
const ackedStep = async () => {
  const one = await sentStep();
  await acknowledge(one);
  return one;
};
const lane = () => `sora:video:any:sora2:${tokenId}`;
const next = ({ attemptId, generationId }: Assigned): PollOutcomes => ({
  ...nothing,
  next: [
    {
      ...{ attemptId, generationId, operation: { id: `cameo:${attemptId}`, data: 'over' } },
      ...{ carried: { cameo: 1 }, lane: lane(), nextAttemptId: `next-${attemptId}` },
    },
  ],
});
const generationOf = ({ generationId }: Assigned) =>
  database.generation.findUniqueOrThrow({ where: { id: generationId } });
const attemptsOf = ({ generationId }: Assigned) =>
  database.submitAttempt.findMany({ where: { generationId }, orderBy: [{ step: 'asc' }, { n: 'asc' }] });
const slots = () => database.tokenSlot.findMany({ where: { tokenId } });
const unknown = async () => {
  const one = await sentStep();
  await storePrepared(database, one, { username: 'ada' });
  await markUnknown(database, one.attemptId, 'reset');
  return one;
};

describe('a step that is over where another follows', () => {
  it('closes its attempt, opens the next on the same token, proxy and slot, and moves the generation on', async () => {
    const one = await ackedStep();
    const written = await writePollOutcomes(database, next(one));
    expect(written).toMatchObject({ closed: [one.attemptId], stepped: [one.generationId], fetching: [] });
    expect(written.events).toMatchObject([{ event: { type: 'generation.progressed', data: { stage: 'preparing' } } }]);
    expect(await attemptsOf(one)).toMatchObject([
      { id: one.attemptId, state: 'ended', operation: { data: 'over' } },
      {
        ...{ id: `next-${one.attemptId}`, step: 2, n: 1, state: 'intent', tokenId, provider: 'sora', slotless: false },
        ...{ proxySealed: 'sealed proxy', fence: one.fence + 1n, takesTurn: false, operationId: null },
      },
    ]);
    expect(await slots()).toMatchObject([{ attemptId: `next-${one.attemptId}`, slotNo: 0 }]);
    expect(await generationOf(one)).toMatchObject({
      ...{ step: 2, fence: one.fence + 1n, state: 'queued', stage: 'preparing', tokenId, prepared: null },
      ...{ carried: { cameo: 1 }, lane: lane(), seq: 3 },
    });
    expect(await findRunSubject(database, one.generationId)).toMatchObject({
      ...{ step: 2, carried: { cameo: 1 }, prepared: null, lane: lane() },
      attempt: { id: `next-${one.attemptId}`, state: 'intent' },
    });
    expect(await findMissingJobs(database)).toMatchObject({ run: [one.generationId] });
  });

  it('is written once by two polls at once, and an older poll does not take it back to rendering', async () => {
    const one = await ackedStep();
    const both = await Promise.all([writePollOutcomes(database, next(one)), writePollOutcomes(database, next(one))]);
    expect(both.map(({ stepped }) => stepped.length).sort()).toEqual([0, 1]);
    const { attemptId, generationId } = one;
    const late = { ...nothing, progressed: [{ attemptId, generationId, stage: 'rendering' as const, progress: 70 }] };
    expect((await writePollOutcomes(database, late)).events).toEqual([]);
    expect(await generationOf(one)).toMatchObject({ state: 'queued', stage: 'preparing', progress: 0, step: 2 });
    expect(await attemptsOf(one)).toHaveLength(2);
  });

  it('never lets go of its slot in between, whoever else wants it', async () => {
    await insertWaiting(database, { count: 5 });
    const one = await ackedStep();
    let isOver = false;
    let stolen = 0;
    const thief = async () => {
      while (!isOver) {
        stolen += await assignLane(database, {
          ...{ lane: videoLane, slotKind: 'video', targets: { names: ['simulator'], simulated: [] }, batchSize: 5 },
          ...{ unlimitedSlots: 1, slotlessPerToken: 1, newId: randomUUID, turns: () => [], onAssigned: () => {} },
          signal: new AbortController().signal,
        });
      }
    };
    const thieves = [thief(), thief()];
    let current = one;
    for (let step = 2; step <= 8; step += 1) {
      await writePollOutcomes(database, next(current));
      current = { ...current, attemptId: `next-${current.attemptId}`, fence: current.fence + 1n };
      await beginSend(database, current);
      await acknowledge(current);
    }
    isOver = true;
    await Promise.all(thieves);
    expect(stolen).toBe(0);
    expect(await slots()).toMatchObject([{ attemptId: current.attemptId }]);
    expect(await generationOf(one)).toMatchObject({ step: 8, state: 'running' });
  });

  it('of a generation that has ended is only closed, and its slot is free', async () => {
    const one = await ackedStep();
    await failGeneration(database, one.generationId, cancelled);
    const written = await writePollOutcomes(database, next(one));
    expect(written).toMatchObject({ closed: [one.attemptId], stepped: [], events: [] });
    expect(await attemptsOf(one)).toHaveLength(1);
    expect(await slots()).toEqual([]);
  });

  it('goes back only to its account when the next one is withdrawn', async () => {
    const one = await ackedStep();
    await writePollOutcomes(database, next(one));
    const second = { ...one, attemptId: `next-${one.attemptId}`, fence: one.fence + 1n };
    await withdrawAttempt(database, {
      ...{ ...second, from: ['intent'], to: 'not_sent', reason: 'proxy', pauseMs: 0, note: 'later' },
    });
    expect(await generationOf(one)).toMatchObject({ step: 2, tokenId: null, lane: lane(), carried: { cameo: 1 } });
    expect(await slots()).toEqual([]);
  });
});

describe('litter', () => {
  const character = { id: 'litter', kind: 'character', reference: 'ada' };
  const litter = () => database.upstreamLitter.findUniqueOrThrow({ where: { id: 'litter' } });

  it('waits for the end of its generation, and is due from then on', async () => {
    const one = await sentStep();
    await acknowledge(one, [character]);
    expect(await litter()).toMatchObject({ awaitsEnd: true, nextTryAt: null, attemptId: one.attemptId, tokenId });
    expect(await takeDueLitter(database, 5)).toEqual([]);
    await writePollOutcomes(database, next(one));
    expect(await takeDueLitter(database, 5)).toEqual([]);
    await failGeneration(database, one.generationId, cancelled);
    expect(await litter()).toMatchObject({ awaitsEnd: false });
    expect(await takeDueLitter(database, 5)).toMatchObject([{ id: 'litter', attemptId: one.attemptId }]);
  });

  it('is due at once when its generation ended before the answer came', async () => {
    const one = await sentStep();
    await failGeneration(database, one.generationId, cancelled);
    expect((await acknowledge(one, [character])).outcome).toBe('acked');
    expect(await takeDueLitter(database, 5)).toMatchObject([{ id: 'litter' }]);
  });

  it('is due after the end whichever of end and answer is faster', async () => {
    for (let round = 0; round < 8; round += 1) {
      tokenId = await insertToken(database);
      const one = await sentStep();
      await Promise.all([
        acknowledge(one, [{ ...character, id: `race-${round}` }]),
        failGeneration(database, one.generationId, cancelled),
      ]);
    }
    const rows = await database.upstreamLitter.findMany();
    expect(rows.map((row) => [row.awaitsEnd, row.nextTryAt !== null])).toEqual(Array(8).fill([false, true]));
  });

  it('of an answer that came too late is kept as long as another attempt may use it', async () => {
    const one = await unknown();
    await closeAbsent(database, { ...one, reason: 'x' });
    expect((await acknowledge(one, [character])).outcome).toBe('late');
    expect(await litter()).toMatchObject({ awaitsEnd: true });
    await failGeneration(database, one.generationId, cancelled);
    expect(await takeDueLitter(database, 5)).toMatchObject([{ id: 'litter' }]);
  });

  it('is noted once however often the answer is stored, also when the task was found without it before', async () => {
    const one = await sentStep();
    await acknowledge(one);
    expect((await acknowledge(one, [character])).outcome).toBe('already');
    await acknowledge(one, [{ ...character, id: 'again' }]);
    expect(await database.upstreamLitter.findMany()).toMatchObject([{ id: 'litter' }]);
  });
});

describe('what was prepared', () => {
  it('outlives its generation until the submit is resolved', async () => {
    const one = await unknown();
    await failGeneration(database, one.generationId, cancelled);
    expect(await findUnknownSubject(database, one.attemptId)).toMatchObject({
      prepared: { username: 'ada' },
      request: { workflow: 'character_video' },
    });
    await acknowledge(one);
    expect(await generationOf(one)).toMatchObject({ prepared: null, state: 'failed' });
    expect(await findUnknownSubject(database, one.attemptId)).toBeUndefined();
  });

  it('is forgotten with the proof that nothing came of it, and at the end of what was never sent', async () => {
    const one = await unknown();
    await failGeneration(database, one.generationId, cancelled);
    await closeAbsent(database, { ...one, reason: 'x' });
    expect((await generationOf(one)).prepared).toBeNull();
    const other = await insertAssigned(database, { tokenId: await insertToken(database) });
    await storePrepared(database, other, { upload: 1 });
    await failGeneration(database, other.generationId, cancelled);
    expect((await generationOf(other)).prepared).toBeNull();
  });
});

it('a step that may be repeated freely is repeated however often nothing came back', async () => {
  let one = await sentStep();
  for (let absences = 1; absences <= 3; absences += 1) {
    await markUnknown(database, one.attemptId, 'reset');
    await closeAbsent(database, { ...one, reason: 'x' });
    expect(await generationOf(one)).toMatchObject({ state: 'queued', tokenId: null, deferrals: absences });
    one = await assignTo(database, { generationId: one.generationId, tokenId });
    await beginSend(database, one);
  }
});

it('only videos count against an account’s number of videos', async () => {
  const remaining = async () => (await database.token.findUniqueOrThrow({ where: { id: tokenId } })).remaining;
  await ackedStep();
  expect(await remaining()).toBe(5);
  const image = await insertAssigned(database, { tokenId, request: { kind: 'image', workflow: 'image' } });
  await beginSend(database, { ...image, knownBefore: { pending: [], finished: [] } });
  await acknowledge(image);
  expect(await remaining()).toBe(5);
  const video = await insertAssigned(database, { tokenId });
  await beginSend(database, { ...video, knownBefore: { pending: [], finished: [] } });
  await acknowledge(video);
  expect(await remaining()).toBe(4);
});

it('a draft is found from its generation and back, and by its owner only', async () => {
  const one = await insertAssigned(database, { tokenId });
  const of = { generationId: one.generationId, ownerId: 'owner-of-tests' };
  expect(await findOwnDraft(database, of)).toMatchObject({ state: 'queued', draft: null });
  await beginSend(database, one);
  await acknowledge(one);
  const operation = { id: `cameo:${one.attemptId}`, draftId: 'gen_1' };
  await writePollOutcomes(database, { ...nothing, done: [{ ...one, operation, media: [] }] });
  expect(await findOwnDraft(database, of)).toEqual({
    ...{ generationId: one.generationId, kind: 'video', state: 'running' },
    draft: { id: 'gen_1', tokenId, isTokenGone: false },
  });
  expect(await findOwnDraft(database, { ...of, ownerId: 'somebody' })).toBeUndefined();
  expect(await findDraftMaker(database, 'gen_1')).toEqual({ ...of, tokenId, isTokenGone: false, isDeleted: false });
  expect(await findDraftMaker(database, 'gen_2')).toBeUndefined();
});

it('the secrets of a deleted account are kept as long as something of ours is there', async () => {
  const one = await sentStep();
  await acknowledge(one, [{ id: 'litter', kind: 'character', reference: 'ada' }]);
  await writePollOutcomes(database, next(one));
  await withdrawAttempt(database, {
    ...{ ...one, attemptId: `next-${one.attemptId}`, fence: one.fence + 1n, from: ['intent'], to: 'not_sent' as const },
    ...{ reason: 'proxy', pauseMs: 0, note: 'later' },
  });
  await hideToken(database, tokenId);
  expect(await forgetHiddenSecrets(database)).toBe(0);
  expect(await findCredential(database, tokenId, one.attemptId)).toMatchObject({ proxySealed: 'sealed proxy' });
  await failGeneration(database, one.generationId, cancelled);
  expect(await forgetHiddenSecrets(database)).toBe(0);
  await finishLitter(database, 'litter');
  expect(await forgetHiddenSecrets(database)).toBe(1);
});
