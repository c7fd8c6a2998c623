import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { type Assigned, assignTo, insertAssigned, insertGeneration } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { endGeneration } from '../generations/end-generation.js';
import { inTransaction } from '../transaction.js';
import { acknowledgeSubmit } from './acknowledge-submit.js';
import { beginSend } from './begin-send.js';
import { closeAbsent, closeLost } from './close-unknown.js';
import { findTurn } from './find-turn.js';
import { markLateSentUnknown, markUnknown } from './mark-unknown.js';
import { withdrawAttempt } from './withdraw-attempt.js';

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
  tokenId = await insertToken(database, { remaining: 10 });
});

const knownBefore = { pending: [], finished: ['old'] };
const send = (assigned: Assigned) => beginSend(database, { ...assigned, knownBefore });
const acknowledge = (assigned: Assigned, operationId = `task-${assigned.attemptId}`) =>
  acknowledgeSubmit(database, {
    ...assigned,
    operation: { id: operationId },
    from: ['sent', 'unknown'],
    litterId: `litter-${assigned.attemptId}`,
  });
const cancel = (generationId: string) =>
  inTransaction(database, (tx) =>
    endGeneration(tx, generationId, { state: 'cancelled', error: { code: 'cancelled', message: 'cancelled' } }),
  );
const attemptOf = (assigned: Assigned) =>
  database.submitAttempt.findUniqueOrThrow({ where: { id: assigned.attemptId } });
const generationOf = async ({ generationId }: Assigned) => ({
  ...(await database.generation.findUniqueOrThrow({ where: { id: generationId } })),
  usage: await database.usage.findUnique({ where: { generationId } }),
});
const slotsOf = (token: string) => database.tokenSlot.count({ where: { tokenId: token } });
async function unknownAttempt(): Promise<Assigned> {
  const assigned = await insertAssigned(database, { tokenId });
  expect(await send(assigned)).toBe('sent');
  expect(await markUnknown(database, assigned.attemptId, 'reset')).toBe(true);
  return assigned;
}

describe('the permission to send', () => {
  it('is given once, with what was known before, however many ask at the same time', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    const answers = await Promise.all([send(assigned), send(assigned), send(assigned), send(assigned)]);
    expect(answers.sort()).toEqual(['sent', 'stale', 'stale', 'stale']);
    expect(await attemptOf(assigned)).toMatchObject({ state: 'sent', knownBefore, sentAt: expect.any(Date) });
  });

  it('is given to one attempt of a token at a time where outcomes are found by elimination', async () => {
    const [first, second] = [await insertAssigned(database, { tokenId }), await insertAssigned(database, { tokenId })];
    const answers = await Promise.all([send(first), send(second)]);
    expect(answers.sort()).toEqual(['sent', 'turn_taken']);
    expect(await findTurn(database, tokenId)).toMatchObject({ heldBy: 'sent' });
    const [sent, waiting] = (await attemptOf(first)).state === 'sent' ? [first, second] : [second, first];
    await markUnknown(database, sent.attemptId, 'reset');
    expect(await send(waiting)).toBe('turn_taken');
    await acknowledge(sent);
    expect(await send(waiting)).toBe('sent');
  });

  it('is given to several attempts of a token where nothing is found by elimination', async () => {
    const [first, second] = [await insertAssigned(database, { tokenId }), await insertAssigned(database, { tokenId })];
    expect(await send(await insertAssigned(database, { tokenId }))).toBe('sent');
    expect(await Promise.all([beginSend(database, first), beginSend(database, second)])).toEqual(['sent', 'sent']);
  });

  it('is refused with an old fence, after the end and after the deadline', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    expect(await send({ ...assigned, fence: assigned.fence - 1n })).toBe('stale');
    const overtaken = await insertAssigned(database, { tokenId });
    await database.generation.update({ where: { id: overtaken.generationId }, data: { fence: { increment: 1 } } });
    expect(await send(overtaken)).toBe('stale');
    const late = await insertAssigned(database, { tokenId, deadlineMs: -1 });
    expect(await send(late)).toBe('overdue');
    await cancel(assigned.generationId);
    expect(await send(assigned)).toBe('ended');
    expect((await attemptOf(assigned)).state).toBe('not_sent');
  });
});

describe('an acknowledgement', () => {
  it('moves attempt and generation, books usage and lowers the quota exactly once, however often it comes', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    await send(assigned);
    const answers = await Promise.all([acknowledge(assigned), acknowledge(assigned), acknowledge(assigned)]);
    expect(answers.map((answer) => answer.outcome).sort()).toEqual(['acked', 'already', 'already']);
    const generation = await generationOf(assigned);
    expect(generation).toMatchObject({ state: 'running', stage: 'rendering', seq: 2, usage: { state: 'booked' } });
    expect(await database.token.findUniqueOrThrow({ where: { id: tokenId } })).toMatchObject({ remaining: 9 });
    expect(answers.flatMap((answer) => answer.events)).toHaveLength(1);
  });

  it('keeps one operation when an answer and a reconciliation race with different ones', async () => {
    const assigned = await unknownAttempt();
    const answers = await Promise.all([acknowledge(assigned, 'task-a'), acknowledge(assigned, 'task-b')]);
    expect(answers.map((answer) => answer.outcome).sort()).toEqual(['acked', 'late']);
    expect(await database.upstreamLitter.findMany({ where: { tokenId } })).toHaveLength(1);
  });

  it('that races with a cancel leaves a cancelled generation whose attempt holds its slot', async () => {
    for (let round = 0; round < 5; round += 1) {
      const assigned = await insertAssigned(database, { tokenId: await insertToken(database) });
      await send(assigned);
      const [answer] = await Promise.all([acknowledge(assigned), cancel(assigned.generationId)]);
      expect(answer.outcome).toBe('acked');
      expect((await attemptOf(assigned)).state).toBe('acked');
      expect(await generationOf(assigned)).toMatchObject({ state: 'cancelled', usage: { state: 'booked' } });
      expect(await slotsOf(assigned.tokenId)).toBe(1);
    }
  });

  it('that comes after the submit was proven absent is noted as litter and changes nothing', async () => {
    const assigned = await unknownAttempt();
    await closeAbsent(database, { ...assigned, reason: 'not there', maximumAbsences: 5 });
    expect(await acknowledge(assigned, 'task-late')).toEqual({ outcome: 'late', events: [] });
    expect((await attemptOf(assigned)).state).toBe('absent');
    const [litter] = await database.upstreamLitter.findMany({ where: { tokenId } });
    expect(litter).toMatchObject({
      kind: 'late_answer',
      reference: { operationId: 'task-late' },
      attemptId: assigned.attemptId,
    });
  });

  it('with an id that another attempt on the token has is told apart from success', async () => {
    const first = await insertAssigned(database, { tokenId });
    const second = await insertAssigned(database, { tokenId });
    await send(first);
    await acknowledge(first, 'task-twice');
    await send(second);
    expect((await acknowledge(second, 'task-twice')).outcome).toBe('taken');
    expect((await attemptOf(second)).state).toBe('sent');
  });

  it('of a foreign state is impossible: an attempt that was never sent cannot be acknowledged', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    expect((await acknowledge(assigned)).outcome).toBe('late');
    expect((await attemptOf(assigned)).state).toBe('intent');
  });
});

describe('withdrawing', () => {
  const withdraw = (assigned: Assigned, from: ('intent' | 'sent')[] = ['intent']) =>
    withdrawAttempt(database, { ...assigned, from, to: 'not_sent', reason: 'proxy', pauseMs: 5_000, note: 'later' });

  it('frees the slot and puts the row back once, with a pause and a new fence', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    const answers = await Promise.all([withdraw(assigned), withdraw(assigned)]);
    expect(answers.filter((answer) => answer.wasClosed)).toHaveLength(1);
    const generation = await generationOf(assigned);
    expect(generation).toMatchObject({ state: 'queued', stage: 'waiting', tokenId: null, deferrals: 1, refusals: 0 });
    expect(generation.fence).toBe(assigned.fence + 1n);
    expect(generation.notBefore?.getTime()).toBeGreaterThan(Date.now() + 3_000);
    expect(await slotsOf(tokenId)).toBe(0);
  });

  it('does not touch what another process has sent', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    await send(assigned);
    expect((await withdraw(assigned)).wasClosed).toBe(false);
    expect((await attemptOf(assigned)).state).toBe('sent');
    expect((await withdraw(assigned, ['sent'])).wasClosed).toBe(true);
  });

  it('of a cancelled generation frees the slot and leaves the end alone', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    await send(assigned);
    await cancel(assigned.generationId);
    expect(await withdraw(assigned, ['sent'])).toEqual({ wasClosed: true, events: [] });
    expect((await generationOf(assigned)).state).toBe('cancelled');
    expect(await slotsOf(tokenId)).toBe(0);
  });

  it('leaves a later assignment alone', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    await withdraw(assigned);
    const again = await assignTo(database, { generationId: assigned.generationId, tokenId });
    expect((await withdraw(assigned)).wasClosed).toBe(false);
    expect(await generationOf(assigned)).toMatchObject({ tokenId, fence: again.fence });
    expect((await attemptOf(again)).state).toBe('intent');
  });
});

describe('an unknown submit', () => {
  it('is only made of attempts whose sender must be gone', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    await send(assigned);
    expect(await markLateSentUnknown(database, tokenId, 60_000)).toEqual([]);
    expect(await markLateSentUnknown(database, tokenId, 0)).toHaveLength(1);
    expect((await attemptOf(assigned)).state).toBe('unknown');
  });

  it('that is absent goes back to its lane, and fails when it was absent too often', async () => {
    const first = await unknownAttempt();
    const closed = await Promise.all([
      closeAbsent(database, { ...first, reason: 'x', maximumAbsences: 2 }),
      closeAbsent(database, { ...first, reason: 'x', maximumAbsences: 2 }),
    ]);
    expect(closed.filter((answer) => answer.wasClosed)).toHaveLength(1);
    expect(await generationOf(first)).toMatchObject({ state: 'queued', stage: 'waiting', tokenId: null, deferrals: 0 });
    expect(await slotsOf(tokenId)).toBe(0);
    const second = await assignTo(database, { generationId: first.generationId, tokenId });
    await send(second);
    await markUnknown(database, second.attemptId, 'reset');
    await closeAbsent(database, { ...second, reason: 'x', maximumAbsences: 2 });
    expect(await generationOf(first)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
    expect(await slotsOf(tokenId)).toBe(0);
  });

  it('that is lost fails its generation and keeps its slot until the upstream must be done', async () => {
    const assigned = await unknownAttempt();
    await closeLost(database, { ...assigned, reason: '2 tasks could be the one', maximumTaskMs: 60_000 });
    expect(await generationOf(assigned)).toMatchObject({
      state: 'failed',
      error: { code: 'upstream_outcome_unknown' },
    });
    const slot = await database.tokenSlot.findUniqueOrThrow({ where: { attemptId: assigned.attemptId } });
    const { sentAt } = await attemptOf(assigned);
    expect(slot.freeAt?.getTime()).toBe((sentAt?.getTime() ?? 0) + 60_000);
    expect((await findTurn(database, tokenId)).lastUnresolvedAgoMs).toBeLessThan(10_000);
  });

  it('that is absent after a cancel frees its slot and leaves the end alone', async () => {
    const assigned = await unknownAttempt();
    await cancel(assigned.generationId);
    expect(await closeAbsent(database, { ...assigned, reason: 'x', maximumAbsences: 5 })).toEqual({
      wasClosed: true,
      events: [],
    });
    expect((await generationOf(assigned)).state).toBe('cancelled');
    expect(await slotsOf(tokenId)).toBe(0);
  });

  it('is decided once when adoption and absence race', async () => {
    for (let round = 0; round < 5; round += 1) {
      const assigned = await unknownAttempt();
      const [answer, absence] = await Promise.all([
        acknowledge(assigned),
        closeAbsent(database, { ...assigned, reason: 'x', maximumAbsences: 5 }),
      ]);
      expect(answer.outcome === 'acked').toBe(!absence.wasClosed);
    }
  });
});

it('a waiting row has no attempt, so nothing can be sent for it', async () => {
  const generationId = await insertGeneration(database);
  expect(await beginSend(database, { generationId, attemptId: 'none', fence: 0n, knownBefore })).toBe('stale');
});
