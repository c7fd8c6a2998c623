import { beginSend } from '@reelay/db/attempts/begin-send';
import { resubmittedReason } from '@reelay/db/attempts/close-unknown';
import { markUnknown } from '@reelay/db/attempts/mark-unknown';
import { assignTo, insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import { pollToken } from '../jobs/poll.js';
import { runGeneration } from '../jobs/run.js';
import { failure } from '../testing/scripted-upstream.js';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { cleanLitter } from '../timers/clean-litter.js';

let file: TestFile;
let worker: TestWorker;
let tokenId: string;

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());
beforeEach(async () => {
  worker = await file.startWorker({ 'poll.minimumMs': 10, 'poll.maximumMs': 1_000, 'submit.maximumAbsences': 2 });
  tokenId = await insertToken(file.database);
});

type Work = { generationId: string };
const request = { workflow: 'character_video' as const };
const remix = { workflow: 'remix' as const, parent: { type: 'draft' as const, id: 'gen_1' } };
const run = ({ generationId }: Work, parts = worker.parts) => runGeneration(parts, { generationId }, worker.context);
const poll = () => pollToken(worker.parts, { tokenId }, worker.context);
const generationOf = ({ generationId }: Work) =>
  file.database.generation.findUniqueOrThrow({ where: { id: generationId } });
const attemptsOf = ({ generationId }: Work) =>
  file.database.submitAttempt.findMany({ where: { generationId }, orderBy: [{ step: 'asc' }, { n: 'asc' }] });
const slots = () => file.database.tokenSlot.findMany({ where: { tokenId } });
const end = (one: Work) => failGeneration(file.database, one.generationId, { code: 'cancelled', message: 'x' });
const loseNext = (isAccepted: boolean) =>
  worker.upstream.script[isAccepted ? 'lose' : 'refuse'].push(() => {
    throw failure({ submitClass: 'unknown' });
  });
/** As if sent so long ago. */
const age = (one: Work, ms: number) =>
  file.database.submitAttempt.updateMany({
    where: { generationId: one.generationId, state: { in: ['sent', 'unknown', 'acked'] } },
    data: { sentAt: new Date(Date.now() - ms) },
  });
const again = async (one: Work) => {
  await file.database.generation.update({ where: { id: one.generationId }, data: { notBefore: null } });
  await assignTo(file.database, { generationId: one.generationId, tokenId });
  await run(one);
};
async function atFinalize(): Promise<Work> {
  const one = await insertAssigned(file.database, { tokenId, request });
  await run(one);
  for (const task of worker.upstream.tasks) task.state = 'done';
  await poll();
  return one;
}
/** Sent under a name that we chose, and nobody knows whether the upstream has it. */
async function unknownFinalize(isAccepted: boolean): Promise<Work> {
  const one = await atFinalize();
  loseNext(isAccepted);
  await run(one);
  return one;
}

describe('a submit that can be looked for by a name we chose', () => {
  it('is not looked for before it can no longer be on its way', async () => {
    const one = await unknownFinalize(true);
    expect((await poll())?.againInMs).toBeGreaterThan(900);
    expect(worker.upstream.calls).toMatchObject({ lookUp: 0, list: 0 });
    expect(await attemptsOf(one)).toMatchObject([{}, { state: 'unknown' }]);
  });

  it('is found, with what it leaves upstream, and goes on', async () => {
    const one = await unknownFinalize(true);
    await age(one, 46_000);
    expect(await poll()).toBeDefined();
    expect(await attemptsOf(one)).toMatchObject([{}, { state: 'acked', operationId: 'finalize-2', takesTurn: false }]);
    expect(await file.database.upstreamLitter.findMany({ where: { tokenId } })).toMatchObject([{ awaitsEnd: true }]);
    expect(await generationOf(one)).toMatchObject({ state: 'running' });
    expect(worker.upstream.tasks).toHaveLength(2);
  });

  it('is looked for by the name it was sent with, whoever else prepared meanwhile', async () => {
    const one = await atFinalize();
    loseNext(true);
    await Promise.all([run(one), run(one), run(one)]);
    await age(one, 46_000);
    await poll();
    expect(await attemptsOf(one)).toMatchObject([{}, { state: 'acked' }]);
    expect(worker.upstream.tasks).toHaveLength(2);
  });

  it('is sent again when it is not there, and fails when it was absent too often', async () => {
    const one = await unknownFinalize(false);
    await age(one, 46_000);
    await poll();
    expect(await attemptsOf(one)).toMatchObject([{}, { state: 'absent' }]);
    expect(await generationOf(one)).toMatchObject({ state: 'queued', tokenId: null, step: 2, prepared: null });
    loseNext(false);
    await again(one);
    await age(one, 46_000);
    await poll();
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
    expect(await slots()).toEqual([]);
  });

  it('stays unknown while the upstream cannot be asked, and is given up after the longest time any task may take', async () => {
    const one = await unknownFinalize(true);
    for (const ageMs of [46_000, 601_000, 3_001_000]) {
      worker.upstream.script.lookUp.push(() => {
        throw failure({});
      });
      await age(one, ageMs);
      expect(await poll()).toBeDefined();
      expect((await attemptsOf(one))[1]?.state).toBe(ageMs > 3_000_000 ? 'lost' : 'unknown');
    }
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
  });

  it('of a cancelled generation is looked for all the same, and what it left is removed', async () => {
    const one = await unknownFinalize(true);
    await end(one);
    await age(one, 46_000);
    await poll();
    await cleanLitter(worker.parts, worker.context.log, worker.context.signal);
    expect(worker.upstream.removed).toEqual([{ kind: 'character', reference: { username: 'name-2' } }]);
    expect(await generationOf(one)).toMatchObject({ prepared: null });
  });

  it('whose name is gone is lost, and keeps its slot as long as a character may take', async () => {
    const one = await unknownFinalize(true);
    await file.database.$executeRaw`UPDATE generation SET prepared = NULL WHERE id = ${one.generationId}`;
    await age(one, 46_000);
    await poll();
    expect(worker.upstream.calls.lookUp).toBe(0);
    expect((await attemptsOf(one))[1]?.state).toBe('lost');
    const [slot] = await slots();
    const heldMs = (slot?.freeAt?.getTime() ?? 0) - Date.now();
    expect(heldMs).toBeGreaterThan(500_000);
    expect(heldMs).toBeLessThan(600_000);
  });

  it('does not need the account to be ours alone', async () => {
    await file.database.token.update({ where: { id: tokenId }, data: { usedByPeople: true } });
    const one = await unknownFinalize(true);
    await age(one, 46_000);
    await poll();
    expect(await attemptsOf(one)).toMatchObject([{}, { state: 'acked' }]);
  });
});

describe('a submit that may be repeated freely', () => {
  it('goes back to its lane as not sent when no answer came, later and later', async () => {
    const one = await insertAssigned(file.database, { tokenId, request });
    const pauses: number[] = [];
    for (let times = 1; times <= 3; times += 1) {
      loseNext(true);
      await (times === 1 ? run(one) : again(one));
      const { notBefore, deferrals } = await generationOf(one);
      expect(deferrals).toBe(times);
      pauses.push((notBefore?.getTime() ?? 0) - Date.now());
    }
    expect(await attemptsOf(one)).toMatchObject(Array(3).fill({ state: 'not_sent', step: 1 }));
    expect(pauses[2]).toBeGreaterThan(pauses[0] ?? 0);
    expect(await slots()).toEqual([]);
    await again(one);
    expect(await generationOf(one)).toMatchObject({ state: 'running' });
  });

  it('whose sender died is sent again, as often as that happens', async () => {
    const one = await insertAssigned(file.database, { tokenId, request });
    let sending = one;
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      await beginSend(file.database, sending);
      expect((await poll())?.againInMs).toBeGreaterThan(900);
      await age(one, 56_000);
      expect(await poll()).toBeUndefined();
      expect((await attemptsOf(one)).at(-1)).toMatchObject({ n: deaths, state: 'absent' });
      expect(await generationOf(one)).toMatchObject({ state: 'queued', tokenId: null });
      expect(worker.bells.of('dispatch')).toHaveLength(deaths);
      sending = await assignTo(file.database, { generationId: one.generationId, tokenId });
    }
    expect(worker.upstream.calls.list).toBe(0);
  });

  it('of a cancelled generation is only closed', async () => {
    const one = await insertAssigned(file.database, { tokenId, request });
    await beginSend(file.database, one);
    await end(one);
    await age(one, 56_000);
    await poll();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'absent' }]);
    expect(await slots()).toEqual([]);
  });

  it('does not keep the turn from videos of the account', async () => {
    const text = await insertAssigned(file.database, { tokenId, request: { kind: 'enhance', workflow: 'enhance' } });
    await beginSend(file.database, text);
    const video = await insertAssigned(file.database, { tokenId });
    await run(video);
    expect(await generationOf(video)).toMatchObject({ state: 'running' });
  });
});

describe('a submit that can be sought in no way', () => {
  it('is lost after its timeout and is not sent again', async () => {
    const one = await insertAssigned(file.database, { tokenId, request: remix });
    loseNext(true);
    await run(one);
    expect(await poll()).toBeDefined();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'unknown' }]);
    await age(one, 46_000);
    expect(await poll()).toBeUndefined();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'lost' }]);
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
    expect(worker.upstream.tasks).toHaveLength(1);
  });
});

describe('a submit that can be sought in no way, where the operator lets lost work be repeated', () => {
  const attempts = () => file.database.submitAttempt.count({ where: { reason: resubmittedReason } });
  const loseOne = async (resubmitOnce: string[]) => {
    worker = await file.startWorker({ 'poll.minimumMs': 10, 'submit.resubmitOnce': resubmitOnce });
    worker.upstream.reconcile = 'none';
    const one = await insertAssigned(file.database, { tokenId });
    loseNext(true);
    await run(one);
    return one;
  };

  it('is sent once more after its timeout, counted apart, and its slot is free at once', async () => {
    const before = await attempts();
    const one = await loseOne(['simulator']);
    expect(await poll()).toBeDefined();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'unknown' }]);
    await age(one, 46_000);
    expect(await poll()).toBeUndefined();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'lost', reason: resubmittedReason }]);
    expect(await generationOf(one)).toMatchObject({ state: 'queued', tokenId: null, deferrals: 0 });
    expect(await slots()).toEqual([]);
    expect(worker.bells.of('dispatch')).toHaveLength(1);
    await again(one);
    expect(await generationOf(one)).toMatchObject({ state: 'running' });
    expect(worker.upstream.tasks).toHaveLength(2);
    expect(await attempts()).toBe(before + 1);
  });

  it('fails when that one is lost too', async () => {
    const one = await loseOne(['simulator']);
    await age(one, 46_000);
    await poll();
    loseNext(true);
    await again(one);
    await age(one, 46_000);
    await poll();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'lost', reason: resubmittedReason }, { state: 'lost' }]);
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
    expect(await slots()).toEqual([]);
    expect(worker.upstream.tasks).toHaveLength(2);
  });

  it('of a cancelled generation is closed and not sent again', async () => {
    const one = await loseOne(['simulator']);
    await end(one);
    await age(one, 46_000);
    expect(await poll()).toBeUndefined();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'lost' }]);
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'cancelled' } });
    expect(await slots()).toEqual([]);
  });

  it('fails on every other target', async () => {
    const one = await loseOne(['another']);
    await age(one, 46_000);
    await poll();
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
  });
});

describe('the limit of elimination', () => {
  it('a list that lags longer than settle makes a wrong proof: the task is made twice, and the late answer is counted', async () => {
    const hasty = { 'submit.timeoutMs': 0, 'submit.freshnessMs': 60_000, 'reconcile.settleMs': 0 };
    worker = await file.startWorker({ 'poll.minimumMs': 10, ...hasty });
    const one = await insertAssigned(file.database, { tokenId });
    const answer = Promise.withResolvers<void>();
    const isAccepted = Promise.withResolvers<void>();
    worker.upstream.script.lose.push(() => {
      isAccepted.resolve();
      return answer.promise;
    });
    const running = run(one, worker.sibling());
    await isAccepted.promise;
    // The sender, another process, hangs, and what the upstream has taken is on none of its lists yet.
    worker.upstream.hidden.add('task-1');
    await markUnknown(file.database, one.attemptId, 'no answer');
    for (let round = 0; round < 3; round += 1) await poll();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'absent', cleanListings: 3 }]);
    await again(one);
    worker.upstream.hidden.clear();
    answer.resolve();
    await running;
    expect(worker.upstream.tasks).toHaveLength(2);
    expect(await attemptsOf(one)).toMatchObject([{ state: 'absent' }, { state: 'acked', operationId: 'task-2' }]);
    expect(await file.database.upstreamLitter.findMany({ where: { tokenId } })).toMatchObject([
      { kind: 'late_answer', attemptId: one.attemptId, reference: { operationId: 'task-1' } },
    ]);
    // It is known for ours from then on, so the next unknown submit is not taken for it.
    const next = await insertAssigned(file.database, { tokenId });
    loseNext(false);
    await run(next);
    await poll();
    expect(await attemptsOf(next)).toMatchObject([{ state: 'unknown', cleanListings: 1 }]);
  });
});

describe('elimination', () => {
  const image = { kind: 'image' as const, workflow: 'image' as const };
  const submit = async (row: object) => {
    const one = await insertAssigned(file.database, { tokenId, ...row });
    await run(one);
    return one;
  };

  it('compares the list of the kind that was asked for, and no other', async () => {
    await submit({});
    loseNext(true);
    const one = await submit({ request: image });
    await poll();
    expect(await attemptsOf(one)).toMatchObject([
      { state: 'acked', operationId: 'task-2', operation: { id: 'task-2', data: { type: 'image' } } },
    ]);
    expect((await attemptsOf(one))[0]?.knownBefore).toEqual({ pending: [], finished: [] });
  });

  it('tells the adaptor what sort of task was found', async () => {
    loseNext(true);
    const one = await submit({});
    await poll();
    expect(await attemptsOf(one)).toMatchObject([{ operation: { id: 'task-1', data: { type: 'video' } } }]);
  });

  it('does not take the listing of one kind for that of the other', async () => {
    await submit({});
    await submit({ request: image });
    await submit({ request: image });
    expect(worker.upstream.calls.list).toBe(2);
  });
});
