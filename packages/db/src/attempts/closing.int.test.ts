import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { type Assigned, insertAssigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { failGeneration } from '../generations/fail-generation.js';
import { inTransaction } from '../transaction.js';
import { acknowledgeSubmit } from './acknowledge-submit.js';
import { beginSend } from './begin-send.js';
import { closeAttempt } from './close-attempt.js';
import { expireAttempts } from './expire-attempts.js';
import { findOpenAttempts, findOwnedOperations } from './find-open-attempts.js';
import { findLandmarks } from './find-turn.js';
import { markUnknown } from './mark-unknown.js';
import { recordCleanListing } from './record-clean-listing.js';
import { refuseByClientFault, refuseByTokenFault } from './refuse-attempt.js';
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
  tokenId = await insertToken(database);
});

async function sentAttempt(): Promise<Assigned> {
  const assigned = await insertAssigned(database, { tokenId });
  await beginSend(database, { ...assigned, knownBefore: { pending: [], finished: [] } });
  return assigned;
}
async function ackedAttempt(): Promise<Assigned & { operationId: string }> {
  const assigned = await sentAttempt();
  const operationId = `task-${assigned.attemptId}`;
  const litterId = `litter-${assigned.attemptId}`;
  await acknowledgeSubmit(database, { ...assigned, operation: { id: operationId }, from: ['sent'], litterId });
  return { ...assigned, operationId };
}
const generationOf = ({ generationId }: { generationId: string }) =>
  database.generation.findUniqueOrThrow({ where: { id: generationId } });
const attemptOf = ({ attemptId }: { attemptId: string }) =>
  database.submitAttempt.findUniqueOrThrow({ where: { id: attemptId } });
const named = ({ attemptId, generationId }: Assigned) => ({ attemptId, generationId });
const slots = () => database.tokenSlot.count({ where: { tokenId } });
const nothing: PollOutcomes = { pending: [], progressed: [], done: [], next: [], refused: [] };
const error = { code: 'content_policy_violation', message: 'no' } as const;

describe('closing an attempt', () => {
  it('happens once and frees the slot once, however many try', async () => {
    const assigned = await sentAttempt();
    const close = () =>
      inTransaction(database, (tx) =>
        closeAttempt(tx, { attemptId: assigned.attemptId, from: ['sent'], to: 'refused' }),
      );
    expect((await Promise.all([close(), close(), close()])).filter(Boolean)).toHaveLength(1);
    expect(await slots()).toBe(0);
  });
});

describe('the outcomes of a poll', () => {
  const done = (acked: Assigned & { operationId: string }) => ({
    ...acked,
    operation: { id: acked.operationId, data: { generation: 'gen_1' } },
    media: [{ url: 'https://media/1', kind: 'video' as const }],
  });

  it('are written together: attempt ended, slot free, media addresses and stage', async () => {
    const [first, second, third] = [await ackedAttempt(), await ackedAttempt(), await ackedAttempt()];
    const written = await writePollOutcomes(database, {
      pending: [{ attemptId: third.attemptId, progress: 40 }],
      progressed: [{ ...named(third), stage: 'rendering', progress: 40 }],
      next: [],
      done: [done(first)],
      refused: [{ ...second, error }],
    });
    expect(written.closed.sort()).toEqual([first.attemptId, second.attemptId].sort());
    expect(written.fetching).toEqual([first.generationId]);
    expect(written.events.map(({ event }) => event.type).sort()).toEqual([
      'generation.failed',
      'generation.progressed',
      'generation.progressed',
    ]);
    expect(await generationOf(first)).toMatchObject({
      state: 'running',
      stage: 'fetching',
      progress: 99,
      mediaSources: done(first).media,
    });
    expect(await attemptOf(first)).toMatchObject({ state: 'ended', operation: done(first).operation });
    expect(await generationOf(second)).toMatchObject({ state: 'failed', error });
    expect(await generationOf(third)).toMatchObject({ stage: 'rendering', progress: 40 });
    expect(await attemptOf(third)).toMatchObject({ state: 'acked', progress: 40 });
    expect(await slots()).toBe(1);
  });

  it('of two polls at once are written once', async () => {
    const acked = await ackedAttempt();
    const outcomes = { ...nothing, done: [done(acked)] };
    const written = await Promise.all([writePollOutcomes(database, outcomes), writePollOutcomes(database, outcomes)]);
    expect(written.map((each) => each.closed.length).sort()).toEqual([0, 1]);
    expect((await generationOf(acked)).seq).toBe(3);
  });

  it('of a generation that has ended close its attempt and fetch nothing', async () => {
    const acked = await ackedAttempt();
    await failGeneration(database, acked.generationId, { code: 'deadline_exceeded', message: 'late' });
    const written = await writePollOutcomes(database, { ...nothing, done: [done(acked)] });
    expect(written).toMatchObject({ closed: [acked.attemptId], fetching: [], events: [] });
    expect(await slots()).toBe(0);
  });

  it('never let progress fall', async () => {
    const acked = await ackedAttempt();
    const heard = (progress: number) => ({
      ...nothing,
      pending: [{ attemptId: acked.attemptId, progress }],
      progressed: [{ ...named(acked), stage: 'rendering' as const, progress }],
    });
    await writePollOutcomes(database, heard(50));
    expect((await writePollOutcomes(database, heard(30))).events).toEqual([]);
    expect((await attemptOf(acked)).progress).toBe(50);
  });
});

describe('a refusal', () => {
  const tokenFault = { type: 'fault', slotKinds: ['video'], reason: '429', rests: true } as const;
  const byToken = (assigned: Assigned, more: Partial<Parameters<typeof refuseByTokenFault>[1]> = {}) =>
    refuseByTokenFault(database, {
      ...assigned,
      from: ['sent'],
      reason: '429',
      error: { code: 'upstream_refused', message: 'too many' },
      tokenEvent: tokenFault,
      excludedForMs: 60_000,
      isPinned: false,
      maximumRefusals: 5,
      note: 'another account is tried',
      ...more,
    });

  it('through the client fails the generation and frees the slot, once', async () => {
    const assigned = await sentAttempt();
    const refuse = () => refuseByClientFault(database, { ...assigned, from: ['sent'], reason: 'policy', error });
    const answers = await Promise.all([refuse(), refuse()]);
    expect(answers.filter((answer) => answer.wasClosed)).toHaveLength(1);
    expect(await generationOf(assigned)).toMatchObject({ state: 'failed', error });
    expect((await attemptOf(assigned)).state).toBe('refused');
    expect(await slots()).toBe(0);
  });

  it('through the token rests the token, excludes it for this generation and counts', async () => {
    const assigned = await sentAttempt();
    await byToken(assigned);
    expect(await generationOf(assigned)).toMatchObject({
      state: 'queued',
      tokenId: null,
      refusals: 1,
      deferrals: 0,
      notBefore: null,
      lastRefusal: { code: 'upstream_refused', message: 'too many' },
    });
    const [exclusion] = await database.generationExclusion.findMany({ where: { generationId: assigned.generationId } });
    expect(exclusion?.tokenId).toBe(tokenId);
    const token = await database.token.findUniqueOrThrow({ where: { id: tokenId } });
    expect(Math.abs(Number(token.videoCoolingUntil) - Number(exclusion?.until))).toBeLessThan(1_000);
    expect(token).toMatchObject({ videoFaults: 1, imageFaults: 0, videoCoolingReason: '429' });
    expect(token.imageCoolingUntil).toBeNull();
  });

  it('through the token does not exclude it for a pinned generation, which waits instead', async () => {
    const assigned = await sentAttempt();
    await byToken(assigned, { isPinned: true, tokenEvent: { ...tokenFault, rests: false } });
    expect((await generationOf(assigned)).notBefore?.getTime()).toBeGreaterThan(Date.now() + 30_000);
    expect(await database.generationExclusion.count({ where: { generationId: assigned.generationId } })).toBe(0);
    expect((await database.token.findUniqueOrThrow({ where: { id: tokenId } })).videoCoolingUntil).toBeNull();
  });

  it('too many fail the generation with the last reason', async () => {
    const assigned = await sentAttempt();
    await byToken(assigned, { maximumRefusals: 1 });
    expect(await generationOf(assigned)).toMatchObject({ state: 'failed', error: { message: 'too many' } });
  });
});

describe('what a poll works on', () => {
  it('is what is or may be upstream, and nothing that is not sent or over', async () => {
    await insertAssigned(database, { tokenId });
    const acked = await ackedAttempt();
    const sent = await sentAttempt();
    const token = await findOpenAttempts(database, tokenId);
    expect(token).toMatchObject({ id: tokenId, provider: 'sora', target: 'simulator', usedByPeople: false });
    expect(token?.attempts.map(({ id, state }) => [id, state])).toEqual([
      [acked.attemptId, 'acked'],
      [sent.attemptId, 'sent'],
    ]);
    const [first] = token?.attempts ?? [];
    expect(first).toMatchObject({
      operation: { id: acked.operationId },
      generation: { state: 'running', progress: 0 },
    });
    expect(first?.generation.lastEventAgoMs).toBeGreaterThanOrEqual(0);
    expect(await findOpenAttempts(database, 'no-such-token')).toBeUndefined();
  });

  it('includes knowing which listed tasks are ours, answers that came too late among them', async () => {
    const acked = await ackedAttempt();
    await database.upstreamLitter.create({
      data: { id: `litter-${tokenId}`, tokenId, kind: 'late_answer', reference: { operationId: 'task-late' } },
    });
    const owned = await findOwnedOperations(database, tokenId, ['stranger', 'task-late', acked.operationId]);
    expect([...owned].sort()).toEqual([acked.operationId, 'task-late'].sort());
    expect(await findLandmarks(database, tokenId, 'video')).toEqual([]);
    await writePollOutcomes(database, {
      ...nothing,
      done: [{ ...acked, operation: { id: acked.operationId }, media: [] }],
    });
    expect(await findLandmarks(database, tokenId, 'video')).toEqual([acked.operationId]);
  });
});

describe('an attempt past the longest time a task may take', () => {
  it('is given up with its generation and frees its slot, accepted or unknown', async () => {
    const acked = await ackedAttempt();
    const unknown = await sentAttempt();
    await markUnknown(database, unknown.attemptId, 'reset');
    const sent = await insertAssigned(database, { tokenId });
    await beginSend(database, sent);
    const open = (await findOpenAttempts(database, tokenId))?.attempts ?? [];
    expect((await expireAttempts(database, open)).map((expired) => expired.attemptId)).toEqual([
      acked.attemptId,
      unknown.attemptId,
    ]);
    expect(await expireAttempts(database, open)).toEqual([]);
    expect(await generationOf(acked)).toMatchObject({ state: 'failed', error: { code: 'upstream_timeout' } });
    expect(await generationOf(unknown)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
    expect([(await attemptOf(acked)).state, (await attemptOf(unknown)).state]).toEqual(['lost', 'lost']);
    expect((await attemptOf(sent)).state).toBe('sent');
    expect(await slots()).toBe(1);
  });
});

it('clean listings are counted from the first, and not for an attempt that is resolved', async () => {
  const unknown = await sentAttempt();
  await markUnknown(database, unknown.attemptId, 'reset');
  expect(await recordCleanListing(database, unknown.attemptId)).toEqual({ count: 1, spanMs: 0 });
  const second = await recordCleanListing(database, unknown.attemptId);
  expect(second?.count).toBe(2);
  expect(second?.spanMs).toBeGreaterThan(0);
  const acked = await ackedAttemptOfOther();
  expect(await recordCleanListing(database, acked.attemptId)).toBeUndefined();
});

async function ackedAttemptOfOther() {
  tokenId = await insertToken(database);
  return ackedAttempt();
}
