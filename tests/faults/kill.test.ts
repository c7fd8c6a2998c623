/** kill -9 of any process, and Redis losing everything, while videos render: each ends once, and the upstream saw one submit. */
import { probeMp4 } from '@reelay/testing/mp4';
import { waitFor } from '@reelay/testing/wait-for';
import type { Stack as StackType } from '../support/stack.js';
import { Stack } from '../support/stack.js';

let stack: StackType;
beforeAll(async () => {
  stack = await Stack.start({ renderMs: 5_000, settings: { 'timer.repairMs': 2_000 } });
});
afterAll(() => stack?.stop());

/** Gateways and databases that are just being restarted refuse connections; a patient client asks again. */
async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  let answer: Answer | undefined;
  await waitFor(
    async () => {
      answer = await ask().catch(() => undefined);
      return answer !== undefined;
    },
    { timeoutMs: 30_000 },
  );
  return answer as Answer;
}

async function createVideo(prompt: string): Promise<string> {
  return (await stack.client().videos.create({ model: 'sora2-landscape-10s', prompt })).id;
}

async function awaitStage(id: string, stage: string): Promise<void> {
  await waitFor(
    async () =>
      ((await patiently(() => stack.client().videos.retrieve(id))) as unknown as { stage: string }).stage === stage,
    {
      timeoutMs: 30_000,
    },
  );
}

async function expectOneVideo(id: string, prompt: string): Promise<void> {
  await waitFor(async () => (await patiently(() => stack.client().videos.retrieve(id))).status === 'completed', {
    timeoutMs: 75_000,
    describe: `"${prompt}" to be completed`,
  });
  const answer = await patiently(() => stack.client().videos.downloadContent(id));
  expect(probeMp4(Buffer.from(await answer.arrayBuffer()))).toMatchObject({ durationMs: 10_000 });
  expect(await stack.submitsOf(prompt)).toHaveLength(1);
}

test.each(['worker', 'gateway', 'token-manager', 'redis', 'postgres', 'simulator'])(
  'kill -9 of %s while a video renders: it completes with one submit',
  async (name) => {
    const prompt = `a video that outlives the ${name}`;
    const id = await createVideo(prompt);
    await awaitStage(id, 'rendering');
    await stack.killAndAwaitSuccessor(name);
    await expectOneVideo(id, prompt);
  },
  120_000,
);

/** None waits, none is just being sent, and the last one has three of its five seconds to go. */
async function allAreRendering(): Promise<boolean> {
  const [now] = await stack.sql<{ is: boolean }>(`
    SELECT count(*) FILTER (WHERE state <> 'acked') = 0 AND coalesce(max(acked_at) > now() - interval '2 seconds', false)
      AND NOT EXISTS (SELECT FROM generation WHERE completed_at IS NULL AND token_id IS NULL) AS is
    FROM submit_attempt WHERE closed_at IS NULL`);
  return now?.is === true;
}

/** What has an account on which no submit is caught between `sent` and its answer (submits of one take turns), and how far it has come. */
async function inHand(): Promise<Map<string, number>> {
  const rows = await stack.sql<{ id: string; seq: number }>(`
    SELECT id, seq FROM generation WHERE completed_at IS NULL AND token_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM submit_attempt WHERE token_id = generation.token_id AND submit_attempt.state IN ('sent', 'unknown'))`);
  return new Map(rows.map(({ id, seq }) => [id, seq]));
}

async function expectToGoOn(before: ReadonlyMap<string, number>, withinMs: number): Promise<void> {
  const standStill = async () => {
    const rows = await stack.sql<{ id: string; seq: number }>('SELECT id, seq FROM generation');
    return rows.filter(({ id, seq }) => seq === before.get(id)).map(({ id }) => id);
  };
  let left: string[] = [...before.keys()];
  await waitFor(
    async () => {
      left = await standStill();
      return left.length === 0;
    },
    { timeoutMs: withinMs, intervalMs: 100, describe: () => `${left.join(', ')} to go on` },
  );
}

test.each([
  { what: 'kill -9 of the worker', withinMs: 45_000 },
  { what: 'FLUSHALL', withinMs: 30_000 },
])(
  '$what: what renders goes on within $withinMs ms',
  async ({ what, withinMs }) => {
    const prompts = Array.from({ length: 6 }, (_, index) => `a video that goes on after ${what} ${index}`);
    const ids = await Promise.all(prompts.map(createVideo));
    await waitFor(allAreRendering, { timeoutMs: 60_000, intervalMs: 20 });
    if (what === 'FLUSHALL') await stack.flushRedis();
    else process.kill(stack.run.pids.worker as number, 'SIGKILL');
    const before = await inHand();
    expect(before.size).toBeGreaterThan(0);
    await expectToGoOn(before, withinMs);
    await Promise.all(ids.map((id, index) => expectOneVideo(id, prompts[index] as string)));
  },
  150_000,
);

/** Somebody prepares a submit, and nobody has sent one whose answer is not here yet. */
async function submitsArePrepared(): Promise<boolean> {
  const [now] = await stack.sql<{ is: boolean }>(`
    SELECT coalesce(bool_or(state = 'intent') AND NOT bool_or(state IN ('sent', 'unknown')), false) AS is
    FROM submit_attempt WHERE closed_at IS NULL`);
  return now?.is === true;
}

test('kill -9 of the worker while submits are prepared: none was sent, so all of them go on within 45 s', async () => {
  const prompts = Array.from({ length: 6 }, (_, index) => `a video that was being prepared ${index}`);
  // The last thing that is asked for before a submit.
  await stack.simulator('faults', [{ kind: 'slow', endpoint: 'sentinel', delayMs: 5_000, count: 6 }]);
  const ids = await Promise.all(prompts.map(createVideo));
  await waitFor(submitsArePrepared, { timeoutMs: 60_000, intervalMs: 20 });
  process.kill(stack.run.pids.worker as number, 'SIGKILL');
  const before = await inHand();
  expect(before.size).toBeGreaterThan(0);
  await expectToGoOn(before, 45_000);
  await Promise.all(ids.map((id, index) => expectOneVideo(id, prompts[index] as string)));
}, 150_000);

test('FLUSHALL while videos wait and render: all complete, one submit each', async () => {
  // More than the pool has slots, so that some wait.
  const prompts = Array.from({ length: 14 }, (_, index) => `flushed video ${index}`);
  const ids = await Promise.all(prompts.map(createVideo));
  await awaitStage(ids[0] as string, 'rendering');
  await stack.flushRedis();
  await Promise.all(ids.map((id, index) => expectOneVideo(id, prompts[index] as string)));
}, 150_000);

test('nothing leaked: no open attempt, no held slot, one end per generation', async () => {
  const [counts] = await stack.sql<Record<string, string>>(`
    SELECT (SELECT count(*) FROM submit_attempt WHERE closed_at IS NULL) AS attempts, (SELECT count(*) FROM token_slot) AS slots,
           (SELECT count(*) FROM generation WHERE state NOT IN ('succeeded')) AS unfinished,
           (SELECT count(*) FROM usage WHERE state <> 'booked') AS unbooked`);
  expect(counts).toEqual({ attempts: '0', slots: '0', unfinished: '0', unbooked: '0' });
});
