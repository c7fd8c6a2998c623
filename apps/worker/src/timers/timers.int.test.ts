import { beginSend } from '@reelay/db/attempts/begin-send';
import { insertAssigned, insertGeneration } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { insertWaiting } from '@reelay/db/factories/insert-waiting';
import { addLitter } from '@reelay/db/litter/add-litter';
import { waitFor } from '@reelay/testing/wait-for';
import { failure } from '../testing/scripted-upstream.js';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { cleanLitter } from './clean-litter.js';
import { repair } from './repair.js';
import { startTimers } from './start-timers.js';
import { startTimer } from './timer-loop.js';

let file: TestFile;
let worker: TestWorker;
let tokenId: string;

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());
beforeEach(async () => {
  worker = await file.startWorker();
  tokenId = await insertToken(file.database);
});

const round = () => repair(worker.parts, worker.context.log);

describe('repair', () => {
  it('rings again for everything that a flush of Redis swallowed', async () => {
    const assigned = await insertAssigned(file.database, { tokenId });
    const sent = await insertAssigned(file.database, { tokenId });
    await beginSend(file.database, sent);
    await insertGeneration(file.database);
    await round();
    expect(worker.bells.of('run')).toEqual(
      expect.arrayContaining([{ generationId: assigned.generationId }, { generationId: sent.generationId }]),
    );
    expect(worker.bells.of('poll')).toEqual([{ tokenId }]);
    expect(worker.bells.of('dispatch')).toHaveLength(1);
  });

  it('brings forward what a clock that is ahead has put off, but not what waits for as long as the settings say', async () => {
    const sent = await insertAssigned(file.database, { tokenId });
    await beginSend(file.database, sent);
    await round();
    const settings = await worker.parts.settings.read();
    const [poll] = worker.bells.hurried.filter(({ name }) => name === 'poll');
    expect(poll?.payloads).toContainEqual({ tokenId });
    expect(poll?.longestDelayMs).toBeGreaterThan(settings['poll.maximumMs']);
    expect(poll?.longestDelayMs).toBeLessThan(300_000);
  });

  it('fails what is past its deadline and leaves its accepted attempt to be polled', async () => {
    const late = await insertAssigned(file.database, { tokenId });
    await beginSend(file.database, late);
    const deadlineAt = new Date(Date.now() - 1);
    await file.database.generation.update({ where: { id: late.generationId }, data: { deadlineAt } });
    await round();
    const generation = await file.database.generation.findUniqueOrThrow({ where: { id: late.generationId } });
    expect(generation).toMatchObject({ state: 'failed', error: { code: 'deadline_exceeded' } });
    expect(worker.published).toMatchObject([{ type: 'generation.failed' }]);
    expect(await file.database.tokenSlot.count({ where: { attemptId: late.attemptId } })).toBe(1);
    expect(worker.bells.of('poll')).toContainEqual({ tokenId });
  });

  it('fails all that are past their deadline in one round, but for one that cannot be ended', async () => {
    const late = await insertWaiting(file.database, { count: 205, deadlineMs: -1 });
    await file.database.generation.updateMany({ where: { id: { in: late } }, data: { tokenId } });
    const left = () => file.database.generation.findMany({ where: { id: { in: late }, completedAt: null } });
    // No path of the code leaves an event ahead of its generation; it stands for whatever keeps one from its end.
    const ahead = { generationId: late[0] ?? '', seq: 2 };
    await file.database.generationEvent.create({ data: { ...ahead, type: 'generation.progressed', data: {} } });
    await expect(round()).rejects.toThrow();
    expect(await left()).toMatchObject([{ id: late[0] }]);
    await file.database.generationEvent.delete({ where: { generationId_seq: ahead } });
    await round();
    expect(await left()).toEqual([]);
  });

  it('frees slots that were held for lost submits when their time has come', async () => {
    const lost = await insertAssigned(file.database, { tokenId });
    await file.database.tokenSlot.update({ where: { attemptId: lost.attemptId }, data: { freeAt: new Date(0) } });
    await round();
    expect(await file.database.tokenSlot.count({ where: { attemptId: lost.attemptId } })).toBe(0);
  });
});

describe('litter', () => {
  it('is removed upstream, or kept with the reason until the next try', async () => {
    await addLitter(file.database, { id: 'gone', tokenId, kind: 'post', reference: 's_1', firstTryInMs: 0 });
    await addLitter(file.database, { id: 'stays', tokenId, kind: 'post', reference: 's_2', firstTryInMs: 0 });
    worker.upstream.cleanUp = async ({ reference }) => {
      if (reference === 's_2') throw failure({ message: 'not today' });
    };
    await cleanLitter(worker.parts, worker.context.log, worker.context.signal);
    const rows = await file.database.upstreamLitter.findMany({ where: { tokenId }, orderBy: { id: 'asc' } });
    expect(rows).toMatchObject([
      { id: 'gone', doneAt: expect.any(Date) },
      { id: 'stays', doneAt: null, tries: 1, lastError: expect.stringContaining('not today') },
    ]);
  });

  it('is not kept waiting by other litter whose removal hangs', async () => {
    await addLitter(file.database, { id: 'hangs', tokenId, kind: 'post', reference: 's_1', firstTryInMs: 0 });
    await addLitter(file.database, { id: 'goes', tokenId, kind: 'post', reference: 's_2', firstTryInMs: 0 });
    const answer = Promise.withResolvers<void>();
    worker.upstream.cleanUp = ({ reference }) => (reference === 's_1' ? answer.promise : Promise.resolve());
    const doneAt = async (id: string) => (await file.database.upstreamLitter.findUnique({ where: { id } }))?.doneAt;
    const cleaned = cleanLitter(worker.parts, worker.context.log, worker.context.signal);
    await waitFor(async () => (await doneAt('goes')) !== null, { timeoutMs: 20_000 });
    expect(await doneAt('hangs')).toBeNull();
    answer.resolve();
    await cleaned;
    expect(await doneAt('hangs')).not.toBeNull();
  });

  it('is removed also when a process of the release before, which knew of none, has ended its generation', async () => {
    const { attemptId, generationId } = await insertAssigned(file.database, { tokenId });
    await addLitter(file.database, { id: 'forgotten', tokenId, attemptId, kind: 'post', reference: 's_1' });
    await file.database.upstreamLitter.update({ where: { id: 'forgotten' }, data: { awaitsEnd: true } });
    const isDue = async () => {
      await round();
      const row = await file.database.upstreamLitter.findUniqueOrThrow({ where: { id: 'forgotten' } });
      return row.nextTryAt !== null;
    };
    expect(await isDue()).toBe(false);
    const ended = { state: 'cancelled', stage: 'ended', completedAt: new Date(), error: {} };
    await file.database.generation.update({ where: { id: generationId }, data: ended });
    expect(await isDue()).toBe(true);
  });

  it('that cannot be removed is left to a person after many tries, with the reason', async () => {
    await addLitter(file.database, { id: 'nameless', tokenId, kind: 'character', reference: {}, firstTryInMs: 0 });
    const { 'litter.attempts': attempts } = await worker.parts.settings.read();
    await file.database.$executeRaw`UPDATE upstream_litter SET tries = ${attempts - 1} WHERE id = 'nameless'`;
    worker.upstream.cleanUp = async () => {
      throw failure({ message: 'its id is not known' });
    };
    await cleanLitter(worker.parts, worker.context.log, worker.context.signal);
    const row = await file.database.upstreamLitter.findUniqueOrThrow({ where: { id: 'nameless' } });
    expect(row).toMatchObject({ doneAt: null, nextTryAt: null, tries: attempts });
    expect(row.lastError).toContain('its id is not known');
  });
});

it('what crashed downloads left is removed while the worker runs, when it has stood still for an hour', async () => {
  const ages: number[] = [];
  const storage = { sweepUnfinished: async (olderThanMs: number) => ages.push(olderThanMs) };
  const timers = startTimers(worker.parts, {
    ...{ log: worker.context.log, storage },
    mark: { isTrusted: async () => true, renew: async () => {} },
  });
  await waitFor(() => ages.length > 0, { timeoutMs: 20_000 });
  await timers.close();
  expect(ages).toEqual([3_600_000]);
});

describe('a timer', () => {
  it('does one round per period between all processes, and one of its own at the start', async () => {
    const rounds: number[] = [];
    const start = (process: number, beginsAtOnce: boolean) =>
      startTimer({
        database: file.database,
        name: `test-${tokenId}`,
        periodMs: async () => 400,
        round: async () => void rounds.push(process),
        log: worker.context.log,
        beginsAtOnce,
      });
    const begunAt = performance.now();
    const timers = [start(0, true), start(1, false)];
    await waitFor(() => rounds.length >= 6, { timeoutMs: 20_000 });
    const periods = Math.ceil((performance.now() - begunAt) / 400);
    await Promise.all(timers.map((timer) => timer.close()));
    // One more than periods for the round of its own, one for the period that has just begun.
    expect(rounds.length).toBeLessThanOrEqual(periods + 2);
  });

  it('goes on after a round that failed', async () => {
    let rounds = 0;
    const timer = startTimer({
      database: file.database,
      name: `failing-${tokenId}`,
      periodMs: async () => 100,
      round: async () => {
        rounds += 1;
        throw new Error('once more');
      },
      log: worker.context.log,
      beginsAtOnce: true,
    });
    await waitFor(() => rounds >= 2, { timeoutMs: 20_000 });
    await timer.close();
  });
});
