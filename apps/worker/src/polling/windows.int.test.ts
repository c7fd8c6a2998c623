import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { insertWaiting } from '@reelay/db/factories/insert-waiting';
import { pollToken } from '../jobs/poll.js';
import { runGeneration } from '../jobs/run.js';
import { failure, type ScriptedTask } from '../testing/scripted-upstream.js';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { FinishRates } from './finish-rates.js';

let file: TestFile;
let worker: TestWorker;
let tokenId: string;
/** Virtual, ms. */
let now = 0;

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());
beforeEach(async () => {
  await file.database.$executeRaw`TRUNCATE token, generation CASCADE`;
  tokenId = await insertToken(file.database, { videoLimit: -1, imageLimit: 3 });
});

const poll = () => pollToken({ ...worker.parts, finishRates }, { tokenId }, worker.context);
let finishRates: FinishRates;
async function start(settings: Parameters<TestFile['startWorker']>[0]): Promise<void> {
  worker = await file.startWorker(settings);
  now = 0;
  finishRates = new FinishRates(() => now);
}

/** So many videos that have been rendering for ten minutes, in the order in which they will finish. */
async function rendering(count: number): Promise<ScriptedTask[]> {
  await insertWaiting(file.database, { count });
  await file.database.$executeRaw`
    WITH attempt AS (
      INSERT INTO submit_attempt (id, generation_id, step, n, token_id, provider, fence, takes_turn, state, sent_at, acked_at,
        operation_id, operation)
      SELECT 'attempt-' || id, id, 1, 1, ${tokenId}, 'sora', 1, true, 'acked', now() - interval '10 minutes',
        now() - interval '10 minutes', 'task-' || id, jsonb_build_object('id', 'task-' || id)
      FROM generation RETURNING id, generation_id
    ), slot AS (
      INSERT INTO token_slot (token_id, kind, slot_no, attempt_id)
      SELECT ${tokenId}, 'video', row_number() OVER (ORDER BY id) - 1, id FROM attempt
    )
    UPDATE generation SET state = 'running', stage = 'rendering', token_id = ${tokenId}, fence = 1`;
  const attempts = await file.database.submitAttempt.findMany({ orderBy: { id: 'asc' } });
  for (const { operationId } of attempts) {
    worker.upstream.tasks.push({ id: operationId ?? '', prompt: '', state: 'pending', progress: 50 });
  }
  return worker.upstream.tasks;
}
const stages = async () => {
  const groups = await file.database.generation.groupBy({ by: ['stage'], _count: true });
  return Object.fromEntries(groups.map((group) => [group.stage, group._count]));
};

describe('two hundred tasks of one account', () => {
  it('that all finish within seconds, between two looks, are all found', async () => {
    await start({});
    worker.upstream.window = 300;
    const tasks = await rendering(200);
    expect((await poll())?.againInMs).toBeGreaterThan(5_000);
    for (const task of tasks) worker.upstream.finish(task);
    expect(await poll()).toBeUndefined();
    expect(await stages()).toEqual({ fetching: 200 });
    expect(await file.database.tokenSlot.count()).toBe(0);
    expect(worker.bells.of('finish')).toHaveLength(200);
  });

  it.each([
    ['early', 0],
    ['on time', 0.5],
    ['late', 0.999],
  ])(
    'that finish one after the other are all found, although the list shows forty, when every look comes %s',
    async (_look, random) => {
      await start({ 'sora.draftsPage': 10, 'sora.draftsPages': 4, 'poll.minimumMs': 500, 'poll.maximumMs': 15_000 });
      worker.parts = { ...worker.parts, random: () => random };
      worker.upstream.window = 40;
      const tasks = await rendering(200);
      const everyMs = 50;
      const pauses: number[] = [];
      for (let round = await poll(); round; round = await poll()) {
        now += round.againInMs;
        pauses.push(round.againInMs);
        for (const [index, task] of tasks.entries()) {
          if (task.state === 'pending' && (index + 1) * everyMs <= now) worker.upstream.finish(task);
        }
        if (pauses.length > 200) break;
      }
      expect(await stages()).toEqual({ fetching: 200 });
      // No more often than the list asks for.
      expect(pauses.length).toBeLessThan(40);
      // Well before the list, at forty every 50 ms, is full.
      expect(Math.max(...pauses)).toBeLessThanOrEqual(0.75 * 40 * everyMs);
    },
  );
});

describe('a round in which one list cannot be read', () => {
  const image = { kind: 'image' as const, workflow: 'image' as const };
  const coolDown = { effect: 'cool_down', retryAfterMs: 60_000 } as const;
  const submitted = async (request: object) => {
    const one = await insertAssigned(file.database, { tokenId, request });
    await runGeneration(worker.parts, one, worker.context);
    return one;
  };
  const stageOf = async ({ generationId }: { generationId: string }) =>
    (await file.database.generation.findUniqueOrThrow({ where: { id: generationId } })).stage;
  const token = () => file.database.token.findUniqueOrThrow({ where: { id: tokenId } });

  it.each([
    ['image', { videoCoolingUntil: null, imageCoolingUntil: expect.any(Date) }] as const,
    ['video', { videoCoolingUntil: expect.any(Date), imageCoolingUntil: null }] as const,
  ])('of the %ss, the others are written, and a rest is for that kind only', async (broken, rests) => {
    await start({ 'poll.minimumMs': 1_000 });
    const works = { image: await submitted(image), video: await submitted({}) };
    for (const task of worker.upstream.tasks) task.state = 'done';
    const error = failure({ submitClass: 'refused', fault: 'token', tokenEffect: coolDown });
    worker.upstream.brokenLists.set(broken, error);
    const first = await poll();
    const second = await poll();
    expect(second?.againInMs).toBeGreaterThan(first?.againInMs ?? 0);
    expect(await stageOf(works[broken])).toBe('rendering');
    expect(await stageOf(works[broken === 'image' ? 'video' : 'image'])).toBe('fetching');
    expect(await token()).toMatchObject(rests);
    worker.upstream.brokenLists.clear();
    expect(await poll()).toBeUndefined();
    expect(await stageOf(works[broken])).toBe('fetching');
  });

  it('that fails whole rests every kind of work it was about', async () => {
    await start({});
    await submitted(image);
    await submitted({});
    worker.upstream.script.poll.push(() => {
      throw failure({ submitClass: 'refused', fault: 'token', tokenEffect: coolDown });
    });
    await poll();
    expect(await token()).toMatchObject({ videoCoolingUntil: expect.any(Date), imageCoolingUntil: expect.any(Date) });
  });
});

describe('the way out of a task', () => {
  it('is that of its attempt in every round, whatever proxy the account got meanwhile', async () => {
    await start({});
    const proxies = ['first', 'first', 'second'];
    const attempts: string[] = [];
    for (const proxySealed of proxies) {
      await file.database.token.update({ where: { id: tokenId }, data: { proxySealed } });
      const one = await insertAssigned(file.database, { tokenId });
      worker.credentials.routes.length = 0;
      await runGeneration(worker.parts, one, worker.context);
      expect(worker.credentials.routes).toMatchObject([{ attemptId: one.attemptId }]);
      attempts.push(one.attemptId);
    }
    worker.credentials.routes.length = 0;
    worker.upstream.calls.poll = 0;
    await poll();
    const [first, second] = worker.credentials.routes;
    expect(worker.credentials.routes).toMatchObject([{ attemptId: attempts[0] }, { attemptId: attempts[2] }]);
    expect(first?.key).not.toBe(second?.key);
    expect(JSON.stringify(worker.credentials.routes)).not.toContain('first');
    expect(worker.upstream.calls.poll).toBe(2);
  });

  it('that cannot be had keeps only the tasks waiting that left by it', async () => {
    await start({});
    const works: { generationId: string }[] = [];
    for (const proxySealed of ['first', 'second']) {
      await file.database.token.update({ where: { id: tokenId }, data: { proxySealed } });
      const one = await insertAssigned(file.database, { tokenId });
      await runGeneration(worker.parts, one, worker.context);
      works.push(one);
    }
    for (const task of worker.upstream.tasks) task.state = 'done';
    worker.credentials.unavailableRoutes.add(worker.credentials.routes[0]?.key ?? '');
    expect(await poll()).toBeDefined();
    const generations = await file.database.generation.findMany({ orderBy: { createdAt: 'asc' } });
    expect(generations.map(({ stage }) => stage)).toEqual(['rendering', 'fetching']);
  });
});
