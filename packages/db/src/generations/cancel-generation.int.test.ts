import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { claimCancels, noteCancelled } from '../attempts/claim-cancels.js';
import { closeAbsent } from '../attempts/close-unknown.js';
import { findOpenAttempts } from '../attempts/find-open-attempts.js';
import { markUnknown } from '../attempts/mark-unknown.js';
import { withdrawAttempt } from '../attempts/withdraw-attempt.js';
import { writePollOutcomes } from '../attempts/write-poll-outcomes.js';
import { createDatabase, type Database } from '../client.js';
import { type Assigned, insertAssigned, insertGeneration } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { cancelGeneration } from './cancel-generation.js';
import { failGeneration } from './fail-generation.js';

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
  tokenId = await insertToken(database, { videoLimit: 1 });
});

const ownerId = 'owner-of-tests';
const knownBefore = { pending: [], finished: [] };
const assigned = (request = {}) => insertAssigned(database, { tokenId, request });
const cancel = ({ generationId }: { generationId: string }) =>
  cancelGeneration(database, { id: generationId, ownerId });
const send = (one: Assigned) => beginSend(database, { ...one, knownBefore });
const acknowledge = (one: Assigned) =>
  acknowledgeSubmit(database, {
    ...{ ...one, operation: { id: `task-${one.attemptId}` }, from: ['sent', 'unknown'] as const },
    litterId: `litter-${one.attemptId}`,
  });
const generationOf = ({ generationId: id }: { generationId: string }) =>
  database.generation.findUniqueOrThrow({ where: { id } });
const attemptOf = ({ attemptId: id }: Assigned) => database.submitAttempt.findUniqueOrThrow({ where: { id } });
const usageOf = async ({ generationId }: { generationId: string }) =>
  (await database.usage.findUniqueOrThrow({ where: { generationId } })).state;
const eventsOf = async ({ generationId }: { generationId: string }) =>
  (await database.generationEvent.findMany({ where: { generationId }, orderBy: { seq: 'asc' } })).map(
    ({ type }) => type,
  );
const slots = () => database.tokenSlot.count({ where: { tokenId } });

describe('a cancellation before the submit', () => {
  it('ends what waits, with one event, and releases its usage', async () => {
    const one = { generationId: await insertGeneration(database) };
    const cancellation = await cancel(one);
    expect(cancellation).toEqual({
      event: {
        generationId: one.generationId,
        event: {
          type: 'generation.cancelled',
          seq: 2,
          data: { error: expect.objectContaining({ code: 'cancelled' }) },
        },
      },
      upstream: [],
    });
    expect(await generationOf(one)).toMatchObject({
      state: 'cancelled',
      stage: 'ended',
      completedAt: expect.any(Date),
    });
    expect(await eventsOf(one)).toEqual(['generation.queued', 'generation.cancelled']);
    expect(await usageOf(one)).toBe('released');
  });

  it('closes the attempt and frees the slot with it, and nothing may be sent any more', async () => {
    const one = await assigned();
    expect(await slots()).toBe(1);
    expect(await cancel(one)).toMatchObject({ upstream: [] });
    expect(await attemptOf(one)).toMatchObject({ state: 'not_sent', closedAt: expect.any(Date) });
    expect(await slots()).toBe(0);
    expect(await send(one)).toBe('ended');
    expect((await attemptOf(one)).sentAt).toBeNull();
  });
});

describe('a cancellation after the submit', () => {
  it('keeps slot and attempt until the upstream is done, then gives the slot back and fetches nothing', async () => {
    const one = await assigned();
    await send(one);
    await acknowledge(one);
    expect(await cancel(one)).toMatchObject({ upstream: [{ tokenId, provider: 'sora' }] });
    expect(await attemptOf(one)).toMatchObject({ state: 'acked' });
    expect(await slots()).toBe(1);
    expect(await usageOf(one)).toBe('booked');

    const { operation, ...task } = { ...one, operation: { id: 'task-1' } };
    const media = [{ url: 'http://127.0.0.1:1/v', kind: 'video' as const }];
    const written = await writePollOutcomes(database, {
      ...{ pending: [], next: [], refused: [] },
      progressed: [{ ...task, stage: 'rendering', progress: 50 }],
      done: [{ ...task, operation, media }],
    });
    expect(written).toMatchObject({ closed: [one.attemptId], fetching: [], events: [] });
    expect(await generationOf(one)).toMatchObject({ state: 'cancelled', mediaSources: null });
    expect(await slots()).toBe(0);
    expect((await eventsOf(one)).filter((type) => type === 'generation.cancelled')).toHaveLength(1);
    expect((await eventsOf(one)).at(-1)).toBe('generation.cancelled');
  });

  it('that comes between the submit and its answer books what was spent all the same, and tells of nothing after the end', async () => {
    const one = await assigned();
    await send(one);
    await cancel(one);
    expect(await usageOf(one)).toBe('released');
    expect(await acknowledge(one)).toEqual({ outcome: 'acked', events: [] });
    expect(await usageOf(one)).toBe('booked');
    expect(await attemptOf(one)).toMatchObject({ state: 'acked' });
    expect(await slots()).toBe(1);
  });

  it('is never submitted again, whether the submit is proven absent or was not written after all', async () => {
    const lost = await assigned();
    await send(lost);
    await markUnknown(database, lost.attemptId, 'reset');
    await cancel(lost);
    expect(await closeAbsent(database, { ...lost, reason: 'not there', maximumAbsences: 5 })).toEqual({
      wasClosed: true,
      events: [],
    });
    const stale = await assigned();
    await send(stale);
    await cancel(stale);
    const withdrawn = { from: ['sent'], to: 'not_sent', reason: 'too late', pauseMs: 0, note: 'again' } as const;
    expect(await withdrawAttempt(database, { ...stale, ...withdrawn })).toEqual({ wasClosed: true, events: [] });
    for (const one of [lost, stale]) {
      expect(await generationOf(one)).toMatchObject({ state: 'cancelled', tokenId });
      expect(await usageOf(one)).toBe('released');
    }
    expect(await slots()).toBe(0);
  });

  it('opens no further step', async () => {
    const one = await assigned({ workflow: 'character_video' });
    await beginSend(database, one);
    await acknowledge(one);
    await cancel(one);
    const next = { ...one, operation: { id: 'cameo' }, carried: {}, lane: 'x', nextAttemptId: 'next' };
    const written = await writePollOutcomes(database, {
      ...{ pending: [], progressed: [], done: [], refused: [], next: [next] },
    });
    expect(written).toMatchObject({ closed: [one.attemptId], stepped: [], events: [] });
    expect(await database.submitAttempt.count({ where: { generationId: one.generationId } })).toBe(1);
    expect(await slots()).toBe(0);
  });

  it('tells the upstream at most three times, and no more when it took notice', async () => {
    const one = await assigned();
    await send(one);
    await acknowledge(one);
    await cancel(one);
    const [open] = (await findOpenAttempts(database, tokenId))?.attempts ?? [];
    expect(open?.generation.state).toBe('cancelled');
    const claims: number[] = [];
    for (let round = 0; round < 5; round += 1) claims.push((await claimCancels(database, [one.attemptId])).size);
    expect(claims).toEqual([1, 1, 1, 0, 0]);

    await database.submitAttempt.update({ where: { id: one.attemptId }, data: { cancelTries: 0 } });
    await noteCancelled(database, one.attemptId);
    expect(await claimCancels(database, [one.attemptId])).toEqual(new Set());
  });
});

it('of what has ended changes nothing, however it ended and however often it is asked for', async () => {
  const one = await assigned();
  await failGeneration(database, one.generationId, { code: 'deadline_exceeded', message: 'late' });
  expect(await cancel(one)).toEqual({ event: undefined, upstream: [] });
  expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'deadline_exceeded' } });

  const two = await assigned();
  const answers = await Promise.all([cancel(two), cancel(two), cancel(two), cancel(two)]);
  expect(answers.filter((answer) => answer?.event)).toHaveLength(1);
  expect(answers.filter((answer) => answer === undefined)).toEqual([]);
});

it('is for the owner alone', async () => {
  const one = await assigned();
  expect(await cancelGeneration(database, { id: one.generationId, ownerId: 'somebody' })).toBeUndefined();
  expect(await cancelGeneration(database, { id: 'nothing', ownerId })).toBeUndefined();
  expect(await generationOf(one)).toMatchObject({ state: 'queued' });
});
