import { assignTo, insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import { failure } from '../testing/scripted-upstream.js';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { cleanLitter } from '../timers/clean-litter.js';
import { repair } from '../timers/repair.js';
import { finishMedia } from './finish.js';
import { pollToken } from './poll.js';
import { runGeneration } from './run.js';

let file: TestFile;
let worker: TestWorker;
let tokenId: string;

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());
beforeEach(async () => {
  worker = await file.startWorker({ 'finish.attempts': 1, 'submit.turnMs': 100 });
  tokenId = await insertToken(file.database, { remaining: 5, videoLimit: 1, proxySealed: 'sealed proxy' });
});

/** A character is made of a video, plays in a new one, and is removed. */
const request = { workflow: 'character_video' as const };
type Work = { generationId: string };
const begin = () => insertAssigned(file.database, { tokenId, prompt: 'dance', request });
const run = ({ generationId }: Work) => runGeneration(worker.parts, { generationId }, worker.context);
const poll = () => pollToken(worker.parts, { tokenId }, worker.context);
const clean = () => cleanLitter(worker.parts, worker.context.log, worker.context.signal);
const generationOf = ({ generationId }: Work) =>
  file.database.generation.findUniqueOrThrow({ where: { id: generationId } });
const attemptsOf = ({ generationId }: Work) =>
  file.database.submitAttempt.findMany({ where: { generationId }, orderBy: [{ step: 'asc' }, { n: 'asc' }] });
const slots = () => file.database.tokenSlot.findMany({ where: { tokenId } });
const litter = () => file.database.upstreamLitter.findMany({ where: { tokenId } });
const lane = () => `sora:video:any:sora2:${tokenId}`;
const newest = () => {
  const task = worker.upstream.tasks.at(-1);
  if (!task) throw new Error('the upstream has no task');
  return task;
};
/** Submits the present step and lets the upstream finish it. */
async function doStep(one: Work): Promise<void> {
  await run(one);
  newest().state = 'done';
  await poll();
}
const end = (one: Work) => failGeneration(file.database, one.generationId, { code: 'cancelled', message: 'x' });

describe('a generation of three steps', () => {
  it('does each once, handing on what the one before gave, however often its jobs are repeated at any point', async () => {
    const one = await begin();
    for (let step = 1; step <= 3; step += 1) {
      await Promise.all([run(one), run(one)]);
      await run(one);
      await poll();
      expect(await slots()).toHaveLength(1);
      newest().state = 'done';
      await Promise.all([poll(), poll()]);
      await poll();
    }
    expect(worker.upstream.tasks.map((task) => task.step)).toEqual(['upload', 'finalize', 'create']);
    const submits = worker.upstream.steps.filter(({ call }) => call === 'submit');
    expect(new Map(submits.map(({ step, carried }) => [step, carried]))).toEqual(
      new Map<number, unknown>([
        [1, null],
        [2, { from: 'upload-1' }],
        [3, { from: 'finalize-2' }],
      ]),
    );
    expect(await attemptsOf(one)).toMatchObject([
      { step: 1, n: 1, state: 'ended', takesTurn: false },
      { step: 2, n: 1, state: 'ended', takesTurn: false },
      { step: 3, n: 1, state: 'ended', takesTurn: true, draftId: 'gen_task-3', proxySealed: 'sealed proxy' },
    ]);
    expect(await generationOf(one)).toMatchObject({ state: 'running', stage: 'fetching', step: 3 });
    expect(await slots()).toEqual([]);
    const token = await file.database.token.findUniqueOrThrow({ where: { id: tokenId } });
    expect(token.remaining).toBe(4);
    expect(await file.database.usage.findMany({ where: { generationId: one.generationId } })).toMatchObject([
      { state: 'booked' },
    ]);
  });

  it('is known to clients as begun from the first step on, with progress that never falls', async () => {
    const one = await begin();
    await run(one);
    const { startedAt } = await generationOf(one);
    expect(startedAt).not.toBeNull();
    newest().progress = 40;
    await file.database.generationEvent.updateMany({ data: { createdAt: new Date(0) } });
    await poll();
    newest().state = 'done';
    await poll();
    await run(one);
    expect(await generationOf(one)).toMatchObject({ state: 'running', progress: 40, startedAt, step: 2 });
    const events = await file.database.generationEvent.findMany({
      where: { generationId: one.generationId },
      orderBy: { seq: 'asc' },
    });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
    const progress = events.flatMap(({ data }) => (data as { progress?: number }).progress ?? []);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it('goes on after a crash that swallowed the bell between two steps', async () => {
    const one = await begin();
    await doStep(one);
    worker.bells.rung.length = 0;
    await repair(worker.parts, worker.context.log);
    expect(worker.bells.of('run')).toContainEqual({ generationId: one.generationId });
    await run(one);
    expect(worker.upstream.tasks.map((task) => task.step)).toEqual(['upload', 'finalize']);
  });

  it('rings for its next step, and for capacity, when one is over', async () => {
    const one = await begin();
    await run(one);
    worker.bells.rung.length = 0;
    newest().state = 'done';
    await poll();
    expect(worker.bells.of('run')).toEqual([{ generationId: one.generationId }]);
  });

  it('withdrawn in its second step comes back to its account only, and does not begin anew', async () => {
    const one = await begin();
    await doStep(one);
    worker.upstream.script.prove.push(() => {
      throw failure({ fault: 'proxy' });
    });
    await run(one);
    expect(await generationOf(one)).toMatchObject({ ...{ state: 'queued', step: 2, tokenId: null }, lane: lane() });
    expect(await slots()).toEqual([]);
    expect(await file.database.generationExclusion.count()).toBe(0);
    await file.database.generation.update({ where: { id: one.generationId }, data: { notBefore: null } });
    await assignTo(file.database, { generationId: one.generationId, tokenId });
    await run(one);
    expect(worker.upstream.tasks.map((task) => task.step)).toEqual(['upload', 'finalize']);
    expect(worker.upstream.steps.at(-1)).toMatchObject({ step: 2, carried: { from: 'upload-1' } });
  });

  it('refused through the account in its second step waits for that account, without excluding it', async () => {
    const one = await begin();
    await doStep(one);
    worker.upstream.script.refuse.push(() => {
      throw failure({ submitClass: 'refused', fault: 'token', tokenEffect: { effect: 'cool_down' } });
    });
    await run(one);
    const { notBefore, refusals } = await generationOf(one);
    expect(refusals).toBe(1);
    expect(notBefore?.getTime()).toBeGreaterThan(Date.now());
    expect(await file.database.generationExclusion.count()).toBe(0);
  });

  it('cancelled while a step is done upstream begins no other, and frees its slot', async () => {
    const one = await begin();
    await run(one);
    await end(one);
    newest().state = 'done';
    await poll();
    expect(await attemptsOf(one)).toMatchObject([{ step: 1, state: 'ended' }]);
    expect(await slots()).toEqual([]);
    expect(worker.bells.of('run')).toEqual([]);
    await run(one);
    expect(worker.upstream.tasks).toHaveLength(1);
  });

  it('cancelled between two steps sends nothing more and frees its slot', async () => {
    const one = await begin();
    await doStep(one);
    await end(one);
    await run(one);
    expect(worker.upstream.tasks).toHaveLength(1);
    expect(await attemptsOf(one)).toMatchObject([{ state: 'ended' }, { step: 2, state: 'not_sent' }]);
    expect(await slots()).toEqual([]);
  });
});

describe('what a step leaves upstream', () => {
  const ends: [string, (one: Work) => Promise<unknown>][] = [
    [
      'it succeeds',
      async (one) => {
        await file.database.generation.update({
          where: { id: one.generationId },
          data: { extras: { text: 'a result without media' }, mediaSources: [] },
        });
        await finishMedia(worker.parts, one, worker.context);
        expect((await generationOf(one)).state).toBe('succeeded');
      },
    ],
    ['it is cancelled while its media are fetched', end],
    [
      'its media cannot be fetched',
      async (one) => {
        await finishMedia(worker.parts, one, worker.context);
        expect((await generationOf(one)).state).toBe('failed');
      },
    ],
  ];

  it.each(ends)('is there until the end and removed after it when %s', async (_name, finish) => {
    const one = await begin();
    for (let step = 1; step <= 3; step += 1) {
      await doStep(one);
      await clean();
      expect(worker.upstream.removed).toEqual([]);
    }
    expect(await litter()).toMatchObject([{ kind: 'character', awaitsEnd: true, doneAt: null }]);
    await finish(one);
    const [, finalize] = await attemptsOf(one);
    worker.credentials.routes.length = 0;
    await clean();
    expect(worker.upstream.removed).toEqual([{ kind: 'character', reference: { username: 'name-2' } }]);
    // Through the proxy that the attempt began with.
    expect(worker.credentials.routes).toMatchObject([{ attemptId: finalize?.id }]);
    expect(await litter()).toMatchObject([{ doneAt: expect.any(Date) }]);
    await clean();
    expect(worker.upstream.removed).toHaveLength(1);
  });

  it.each([
    ['the video is refused', 'refused' as const],
    ['it is cancelled while the video renders', 'pending' as const],
  ])('is removed when %s', async (_name, state) => {
    const one = await begin();
    await doStep(one);
    await doStep(one);
    await run(one);
    newest().state = state;
    if (state === 'pending') await end(one);
    await poll();
    await clean();
    expect(worker.upstream.removed).toHaveLength(1);
  });

  it('is removed when the generation was cancelled before the answer came that told of it', async () => {
    const one = await begin();
    await doStep(one);
    worker.upstream.script.lose.push(async () => void (await end(one)));
    await run(one);
    await clean();
    expect(worker.upstream.removed).toHaveLength(1);
  });

  it('is tried again when it could not be removed, and with a newer credential when that was refused', async () => {
    const one = await begin();
    await doStep(one);
    await doStep(one);
    await end(one);
    worker.upstream.script.cleanUp.push(() => {
      throw failure({ submitClass: 'refused', fault: 'token', tokenEffect: { effect: 'credential_rejected' } });
    });
    await clean();
    expect(worker.credentials.renewed).toEqual([1]);
    expect(await litter()).toMatchObject([{ doneAt: null, tries: 1 }]);
    await file.database.upstreamLitter.updateMany({ where: { tokenId }, data: { nextTryAt: new Date(0) } });
    await clean();
    expect(worker.upstream.removed).toHaveLength(1);
  });
});
