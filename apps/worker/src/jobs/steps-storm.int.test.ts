/** Two workers, an assignment and a client that cancels, all at once over generations of every sort, while calls fail at random. */
import { slotKindOf } from '@reelay/contracts/domain';
import { parseLane } from '@reelay/contracts/lane';
import { assignLane } from '@reelay/db/assign/assign-lane';
import { findWaitingLanes } from '@reelay/db/assign/find-waiting-lanes';
import { insertGeneration } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import { findMissingJobs } from '@reelay/db/repair/find-missing-jobs';
import { newUlid } from '@reelay/platform/ulid';
import { waitFor } from '@reelay/testing/wait-for';
import { failure } from '../testing/scripted-upstream.js';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { cleanLitter } from '../timers/clean-litter.js';
import type { WorkerParts } from '../worker-parts.js';
import { pollToken } from './poll.js';
import { runGeneration } from './run.js';

let file: TestFile;
let worker: TestWorker;
let ids: string[];
let isOver: boolean;
let wrongs: unknown[];

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());

const sorts = [
  { workflow: 'character_video' },
  { workflow: 'character', kind: 'character' },
  { workflow: 'remix', parent: { type: 'draft', id: 'gen_1' } },
  { workflow: 'character_video' },
  { workflow: 'enhance', kind: 'enhance' },
  { workflow: 'image', kind: 'image' },
  { workflow: 'video' },
] as const;

const chance = (percent: number) => Math.random() * 100 < percent;
/** A script that never ends and throws one of these in so many of a hundred calls. */
const failing = (percent: number, ...failures: Parameters<typeof failure>[0][]) => {
  const call = () => {
    const chosen = failures[Math.floor(Math.random() * failures.length)];
    if (chance(percent)) throw failure(chosen ?? {});
  };
  return Object.assign([], { shift: () => call });
};
const unknown = { submitClass: 'unknown' } as const;
const refused = { submitClass: 'refused', fault: 'token', tokenEffect: { effect: 'cool_down' } } as const;
const note = (work: Promise<unknown>) => work.catch((error: unknown) => void wrongs.push(error));
const end = (generationId: string) => failGeneration(file.database, generationId, { code: 'cancelled', message: 'x' });

async function assignAll(): Promise<void> {
  for (const waiting of await findWaitingLanes(file.database)) {
    const lane = parseLane(waiting.lane);
    await assignLane(file.database, {
      ...{ lane, slotKind: slotKindOf(lane.kind), targets: { names: ['simulator'], simulated: [] }, batchSize: 5 },
      ...{ unlimitedSlots: 1, slotlessPerToken: 1, newId: newUlid, turns: () => [], onAssigned: () => {} },
      signal: worker.context.signal,
    });
  }
}

/** What a worker with its queues and timers does; bells are lost, and everything is found by the repair. */
async function drive(parts: WorkerParts): Promise<void> {
  const { context, upstream } = worker;
  while (!isOver) {
    await note(assignAll());
    const { run, poll, finish } = await findMissingJobs(file.database);
    await Promise.all([
      ...run.map((generationId) => note(runGeneration(parts, { generationId }, context))),
      ...poll.map((tokenId) => note(pollToken(parts, { tokenId }, context))),
    ]);
    for (const task of upstream.tasks) {
      if (task.state === 'pending' && chance(25)) task.state = chance(5) ? 'refused' : 'done';
    }
    await file.database.upstreamLitter.updateMany({
      where: { nextTryAt: { not: null } },
      data: { nextTryAt: new Date() },
    });
    await note(cleanLitter(parts, context.log, context.signal));
    // Media are not what this is about.
    for (const generationId of finish) await note(end(generationId));
    if (chance(8)) await note(end(ids[Math.floor(Math.random() * ids.length)] ?? ''));
  }
}

/** At every instant: limits hold, each open attempt has its slot and no closed one has any, and what is assigned has an attempt. */
async function watch(): Promise<void> {
  while (!isOver) {
    const wrong = await file.database.$queryRaw<unknown[]>`
      SELECT token.id, 'too many slots' FROM token_slot AS slot JOIN token ON token.id = token_id GROUP BY token.id, kind
        HAVING count(*) > CASE kind WHEN 'video' THEN video_limit ELSE image_limit END
      UNION ALL SELECT attempt.id, 'closed with a slot' FROM submit_attempt AS attempt JOIN token_slot ON attempt_id = attempt.id
        WHERE closed_at IS NOT NULL AND free_at IS NULL
      UNION ALL SELECT attempt.id, 'open without a slot' FROM submit_attempt AS attempt
        WHERE closed_at IS NULL AND NOT slotless AND NOT EXISTS (SELECT FROM token_slot WHERE attempt_id = attempt.id)
      UNION ALL SELECT token_id, 'too many without a slot' FROM submit_attempt WHERE slotless AND closed_at IS NULL
        GROUP BY token_id HAVING count(*) > 1
      UNION ALL SELECT id, 'assigned without an attempt' FROM generation
        WHERE completed_at IS NULL AND token_id IS NOT NULL AND stage <> 'fetching' AND NOT EXISTS (
          SELECT FROM submit_attempt AS attempt WHERE generation_id = generation.id AND attempt.step = generation.step AND closed_at IS NULL)`;
    wrongs.push(...wrong);
  }
}

async function isQuiet(): Promise<boolean> {
  const { generation, submitAttempt, upstreamLitter } = file.database;
  const open = await generation.count({ where: { completedAt: null } });
  const attempts = await submitAttempt.count({ where: { closedAt: null } });
  return (
    open + attempts + (await upstreamLitter.count({ where: { doneAt: null, kind: { not: 'late_answer' } } })) === 0
  );
}

it('ends everything, leaves no slot and no litter, and pays for nothing twice, whatever fails and whoever comes between', async () => {
  worker = await file.startWorker({
    ...{ 'submit.turnMs': 50, 'submit.retryMinimumMs': 1, 'submit.retryMaximumMs': 20, 'token.coolDownMs': 30 },
    ...{ 'submit.timeoutMs': 400, 'submit.freshnessMs': 100, 'reconcile.settleMs': 50, 'reconcile.knownBeforeMs': 0 },
    ...{ 'submit.maximumRefusals': 100, 'submit.maximumAbsences': 100, 'litter.attempts': 1_000 },
  });
  Object.assign(worker.upstream.script, {
    ...{ prove: failing(15, { fault: 'proxy' }), refuse: failing(15, refused, unknown), lose: failing(20, unknown) },
    ...{ cleanUp: failing(20), lookUp: failing(20), list: failing(10), poll: failing(10) },
  });
  [isOver, wrongs, ids] = [false, [], []];
  for (const limits of [{ videoLimit: 2 }, { videoLimit: 1, imageLimit: 2 }]) await insertToken(file.database, limits);
  for (const no of Array(14).keys()) {
    ids.push(
      await insertGeneration(file.database, { request: sorts[no % sorts.length] ?? {}, prompt: `prompt ${no}` }),
    );
  }
  const everybody = [drive(worker.parts), drive(worker.sibling()), watch()];
  try {
    await waitFor(isQuiet, { timeoutMs: 60_000, intervalMs: 100 });
  } finally {
    isOver = true;
    await Promise.all(everybody);
  }
  expect(wrongs).toEqual([]);
  expect(await file.database.tokenSlot.count({ where: { freeAt: null } })).toBe(0);
  const { tasks, removed } = worker.upstream;
  const paid = tasks
    .filter(({ step }) => step === 'create' || step === 'finalize')
    .map((task) => `${task.step} ${task.prompt}`);
  expect(paid).toEqual([...new Set(paid)]);
  const made = tasks.filter(({ step, workflow }) => step === 'finalize' && workflow === 'character_video');
  const gone = new Set(removed.map(({ reference }) => (reference as { username?: string }).username));
  expect(made.filter(({ username }) => !gone.has(username))).toEqual([]);
}, 90_000);
