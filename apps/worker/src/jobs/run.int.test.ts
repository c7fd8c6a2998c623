import { acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { beginSend } from '@reelay/db/attempts/begin-send';
import { closeAbsent } from '@reelay/db/attempts/close-unknown';
import { markUnknown } from '@reelay/db/attempts/mark-unknown';
import { type Assigned, assignTo, insertAssigned, insertGeneration } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { endGeneration } from '@reelay/db/generations/end-generation';
import { inTransaction } from '@reelay/db/transaction';
import { waitFor } from '@reelay/testing/wait-for';
import { failure } from '../testing/scripted-upstream.js';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import type { WorkerParts } from '../worker-parts.js';
import { runGeneration } from './run.js';

let file: TestFile;
let worker: TestWorker;
let tokenId: string;

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());
beforeEach(async () => {
  worker = await file.startWorker({ 'submit.turnMs': 1_000 });
  tokenId = await insertToken(file.database, { remaining: 5 });
});

const assigned = (row: { prompt?: string; deadlineMs?: number; pinnedTo?: string } = {}) =>
  insertAssigned(file.database, { tokenId, ...row });
const run = ({ generationId }: Assigned, parts: WorkerParts = worker.parts) =>
  runGeneration(parts, { generationId }, worker.context);
const generationOf = async ({ generationId }: Assigned) => ({
  ...(await file.database.generation.findUniqueOrThrow({ where: { id: generationId } })),
  usage: await file.database.usage.findUnique({ where: { generationId } }),
});
const attemptOf = ({ attemptId }: Assigned) =>
  file.database.submitAttempt.findUniqueOrThrow({ where: { id: attemptId } });
const send = (one: Assigned) => beginSend(file.database, { ...one, knownBefore: { pending: [], finished: [] } });
const slots = () => file.database.tokenSlot.count({ where: { tokenId } });
const exclusions = () => file.database.generationExclusion.count({ where: { tokenId } });
const cancel = ({ generationId }: Assigned) =>
  inTransaction(file.database, (tx) =>
    endGeneration(tx, generationId, { state: 'cancelled', error: { code: 'cancelled', message: 'x' } }),
  );

describe('a run that goes well', () => {
  it('submits, stores the operation, books usage and rings for polling', async () => {
    const one = await assigned({ prompt: 'a kite' });
    expect(await run(one)).toBeUndefined();
    expect(worker.upstream.tasks.map((task) => task.prompt)).toEqual(['a kite']);
    expect(await attemptOf(one)).toMatchObject({
      state: 'acked',
      operationId: 'task-1',
      knownBefore: { pending: [], finished: [] },
    });
    expect(await generationOf(one)).toMatchObject({ state: 'running', stage: 'rendering', usage: { state: 'booked' } });
    expect(worker.bells.rung).toEqual([{ name: 'poll', payload: { tokenId }, options: { bringForward: true } }]);
    expect(worker.published.map((event) => 'stage' in event.data && event.data.stage)).toEqual([
      'preparing',
      'submitting',
      'rendering',
    ]);
  });

  it('submits once however many run jobs there are, in one process or several', async () => {
    const one = await assigned();
    const others = [worker.sibling(), worker.sibling(), worker.sibling()];
    await Promise.all([run(one), run(one), ...others.map((parts) => run(one, parts))]);
    await run(one);
    expect(worker.upstream.tasks).toHaveLength(1);
    expect((await attemptOf(one)).state).toBe('acked');
    expect((await generationOf(one)).deferrals).toBe(0);
  });

  it('lists the account once for submits that follow each other closely', async () => {
    worker.upstream.strangers = ['old'];
    for (const one of [await assigned(), await assigned()]) await run(one);
    expect(worker.upstream.calls.list).toBe(1);
    expect(worker.upstream.tasks).toHaveLength(2);
  });

  it('does not trust a listing made before an attempt on the account was given up', async () => {
    const first = await assigned();
    worker.upstream.script.lose.push(() => {
      throw failure({ submitClass: 'unknown' });
    });
    await run(first);
    await closeAbsent(file.database, { ...first, reason: 'x' });
    await run(await assigned());
    expect(worker.upstream.calls.list).toBe(2);
  });

  it('sends one after the other on an account, waiting for its turn', async () => {
    const [first, second] = [await assigned(), await assigned()];
    let release = () => {};
    worker.upstream.script.refuse.push(() => new Promise((resolve) => (release = resolve)));
    const firstRun = run(first);
    await waitFor(async () => (await attemptOf(first)).state === 'sent', { timeoutMs: 20_000 });
    const secondRun = run(second);
    await waitFor(() => worker.upstream.calls.submit === 2, { timeoutMs: 20_000 });
    expect((await attemptOf(second)).state).toBe('intent');
    release();
    await Promise.all([firstRun, secondRun]);
    expect(worker.upstream.tasks).toHaveLength(2);
  });

  it('does not prepare again what an earlier run has prepared', async () => {
    const one = await assigned();
    worker.upstream.script.prove.push(() => {
      worker.drain.abort();
      throw failure({});
    });
    expect(await run(one)).toEqual({ againInMs: 0 });
    await run(one, { ...worker.parts, draining: new AbortController().signal });
    expect(worker.upstream.calls).toMatchObject({ prepare: 1, submit: 2 });
    expect(worker.upstream.tasks).toHaveLength(1);
  });
});

describe('a run that has nothing to send', () => {
  it('leaves waiting and ended generations alone', async () => {
    const ended = await assigned();
    await cancel(ended);
    const waiting = await insertGeneration(file.database);
    expect(await run(ended)).toBeUndefined();
    expect(await runGeneration(worker.parts, { generationId: waiting }, worker.context)).toBeUndefined();
    expect(await runGeneration(worker.parts, { generationId: 'none' }, worker.context)).toBeUndefined();
    expect(worker.upstream.calls.submit).toBe(0);
  });

  it('waits for the time before which it may not run', async () => {
    const one = await assigned();
    const notBefore = new Date(Date.now() + 20_000);
    await file.database.generation.update({ where: { id: one.generationId }, data: { notBefore } });
    expect((await run(one))?.againInMs).toBeGreaterThan(10_000);
  });

  it('does not touch what another process is sending, and gives it up only when that must be over', async () => {
    const one = await assigned();
    await send(one);
    expect((await run(one))?.againInMs).toBeGreaterThan(45_000);
    const sentAt = new Date(Date.now() - 120_000);
    await file.database.submitAttempt.update({ where: { id: one.attemptId }, data: { sentAt } });
    expect(await run(one)).toBeUndefined();
    expect((await attemptOf(one)).state).toBe('unknown');
    expect(worker.bells.of('poll')).toEqual([{ tokenId }]);
    expect(worker.upstream.calls.submit).toBe(0);
  });

  it('makes sure that an accepted task is polled', async () => {
    const one = await assigned();
    await run(one);
    worker.bells.rung.length = 0;
    await run(one);
    expect(worker.bells.of('poll')).toEqual([{ tokenId }]);
    expect(worker.upstream.tasks).toHaveLength(1);
  });

  it('undoes an assignment that has no attempt', async () => {
    const one = await assigned();
    await file.database.tokenSlot.deleteMany({ where: { attemptId: one.attemptId } });
    await file.database.submitAttempt.delete({ where: { id: one.attemptId } });
    await run(one);
    expect(await generationOf(one)).toMatchObject({ state: 'queued', tokenId: null });
  });
});

describe('a submit that is held back', () => {
  it('sends nothing when the generation is cancelled while it is prepared', async () => {
    const one = await assigned();
    worker.upstream.script.prove.push(async () => void (await cancel(one)));
    expect(await run(one)).toBeUndefined();
    expect(worker.upstream.tasks).toHaveLength(0);
    expect((await generationOf(one)).state).toBe('cancelled');
    expect(await slots()).toBe(0);
  });

  it('sends nothing after the deadline and fails the generation by it', async () => {
    const one = await assigned();
    const deadlineAt = new Date(Date.now() - 1);
    await file.database.generation.update({ where: { id: one.generationId }, data: { deadlineAt } });
    await run(one);
    expect(worker.upstream.tasks).toHaveLength(0);
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'deadline_exceeded' } });
  });

  it('goes elsewhere at once, without proof, while an unknown submit holds the turn', async () => {
    const [first, second] = [await assigned(), await assigned()];
    await send(first);
    await markUnknown(file.database, first.attemptId, 'reset');
    expect(await run(second)).toBeUndefined();
    expect(worker.upstream.calls.submit).toBe(0);
    expect((await attemptOf(second)).state).toBe('not_sent');
    expect(await generationOf(second)).toMatchObject({ state: 'queued', tokenId: null, notBefore: null, refusals: 0 });
    expect([await slots(), await exclusions()]).toEqual([1, 1]);
  });

  it('waits for its one token while an unknown submit holds the turn there', async () => {
    const [first, pinned] = [await assigned(), await assigned({ pinnedTo: tokenId })];
    await send(first);
    await markUnknown(file.database, first.attemptId, 'reset');
    const before = Date.now();
    await run(pinned);
    expect((await generationOf(pinned)).notBefore?.getTime()).toBeGreaterThan(before);
    expect(await exclusions()).toBe(0);
  });

  it('is put back when its turn does not come in time', async () => {
    const [first, second] = [await assigned(), await assigned()];
    await send(first);
    expect((await run(second))?.againInMs).toBeGreaterThanOrEqual(1_000);
    expect(worker.upstream.tasks).toHaveLength(0);
    expect(await attemptOf(second)).toMatchObject({ state: 'intent' });
    expect((await generationOf(second)).deferrals).toBe(0);
  });

  it('writes nothing when the job was taken over meanwhile', async () => {
    const one = await assigned();
    const lost = new AbortController();
    worker.upstream.script.prove.push(() => {
      lost.abort(new Error('the lock of this job was lost'));
      throw failure({});
    });
    const context = { ...worker.context, signal: lost.signal };
    await expect(runGeneration(worker.parts, { generationId: one.generationId }, context)).rejects.toThrow('lock');
    expect(await attemptOf(one)).toMatchObject({ state: 'intent' });
    expect(await slots()).toBe(1);
  });
});

describe('a submit that fails', () => {
  it.each([
    ['the upstream, to whatever token', 'upstream', 0],
    ['the proxy, to another token first', 'proxy', 1],
  ] as const)(
    'before it is sent through %s, goes back with a pause and nothing counted',
    async (_name, fault, avoided) => {
      const one = await assigned();
      worker.upstream.script.prove.push(() => {
        throw failure({ fault, submitClass: 'not_sent' });
      });
      const before = Date.now();
      await run(one);
      const generation = await generationOf(one);
      expect(generation).toMatchObject({ state: 'queued', stage: 'waiting', tokenId: null, deferrals: 1, refusals: 0 });
      expect(generation.notBefore?.getTime()).toBeGreaterThan(before);
      expect(await attemptOf(one)).toMatchObject({ state: 'not_sent' });
      expect([await slots(), await exclusions()]).toEqual([0, avoided]);
      expect(worker.bells.of('dispatch')).toHaveLength(1);
    },
  );

  it('through the proxy counts for the proxy, until an answer comes through it', async () => {
    await file.database.token.update({ where: { id: tokenId }, data: { proxySealed: 'sealed' } });
    const one = await assigned();
    worker.upstream.script.prove.push(() => {
      throw failure({ fault: 'proxy', submitClass: 'not_sent' });
    });
    await run(one);
    expect(await file.database.proxyCircuit.findMany()).toMatchObject([{ faults: 1, openUntil: null }]);
    await run(await assigned());
    expect(await file.database.proxyCircuit.findMany()).toEqual([]);
  });

  it('after the commit but before the first byte is as free to repeat', async () => {
    const one = await assigned();
    worker.upstream.script.refuse.push(() => {
      throw failure({ submitClass: 'not_sent' });
    });
    await run(one);
    expect(await attemptOf(one)).toMatchObject({ state: 'not_sent', sentAt: expect.any(Date) });
    expect((await generationOf(one)).tokenId).toBeNull();
  });

  it('without a credential, or on a target that cannot be reached from here, goes back to its lane', async () => {
    const one = await assigned();
    worker.credentials.isAvailable = false;
    await run(one);
    expect(await generationOf(one)).toMatchObject({ tokenId: null, deferrals: 1, refusals: 0 });
    worker.credentials.isAvailable = true;
    const elsewhere = await insertToken(file.database, { target: 'nowhere' });
    const other = await insertAssigned(file.database, { tokenId: elsewhere });
    await run(other);
    expect(await generationOf(other)).toMatchObject({ tokenId: null, deferrals: 1, refusals: 0 });
    expect(worker.upstream.calls.submit).toBe(0);
  });

  it('with a rejected credential asks for a newer one, naming the version it had, and blames nobody', async () => {
    const one = await assigned();
    worker.upstream.script.refuse.push(() => {
      throw failure({ submitClass: 'refused', fault: 'token', tokenEffect: { effect: 'credential_rejected' } });
    });
    await run(one);
    expect(worker.credentials.renewed).toEqual([1]);
    expect(await generationOf(one)).toMatchObject({ tokenId: null, deferrals: 1, refusals: 0 });
    expect(await exclusions()).toBe(0);
  });

  it('through the client fails the generation at once with that reason', async () => {
    const one = await assigned();
    worker.upstream.script.refuse.push(() => {
      throw failure({ submitClass: 'refused', fault: 'client', code: 'content_policy_violation', message: 'no' });
    });
    await run(one);
    expect(await generationOf(one)).toMatchObject({
      state: 'failed',
      error: { code: 'content_policy_violation', message: 'no' },
      usage: { state: 'released' },
    });
    expect((await attemptOf(one)).state).toBe('refused');
    expect(await slots()).toBe(0);
  });

  it('through the token rests the token and excludes it for this generation until then', async () => {
    const one = await assigned();
    worker.upstream.script.refuse.push(() => {
      const tokenEffect = { effect: 'cool_down', retryAfterMs: 30_000 } as const;
      throw failure({ submitClass: 'refused', fault: 'token', code: 'upstream_refused', tokenEffect });
    });
    await run(one);
    expect(await generationOf(one)).toMatchObject({ state: 'queued', tokenId: null, refusals: 1, deferrals: 0 });
    const token = await file.database.token.findUniqueOrThrow({ where: { id: tokenId } });
    expect(token.videoCoolingUntil?.getTime()).toBeGreaterThan(Date.now() + 20_000);
    expect(await exclusions()).toBe(1);
  });

  it('through tokens five times fails with the last reason', async () => {
    const one = await assigned();
    let current = one;
    for (let refusal = 1; refusal <= 5; refusal += 1) {
      worker.upstream.script.refuse.push(() => {
        throw failure({ submitClass: 'refused', fault: 'token', code: 'upstream_refused', message: `no ${refusal}` });
      });
      await run(current);
      if (refusal === 5) break;
      expect(await generationOf(one)).toMatchObject({ state: 'queued', refusals: refusal });
      current = await assignTo(file.database, { generationId: one.generationId, tokenId });
    }
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { message: 'no 5' } });
  });

  it('through an overloaded upstream goes back with a growing pause and excludes nobody', async () => {
    const one = await assigned();
    await file.database.generation.update({ where: { id: one.generationId }, data: { deferrals: 10 } });
    worker.upstream.script.refuse.push(() => {
      throw failure({ submitClass: 'refused', fault: 'upstream' });
    });
    await run(one);
    const generation = await generationOf(one);
    expect(generation.notBefore?.getTime()).toBeGreaterThan(Date.now() + 12_000);
    expect((await attemptOf(one)).state).toBe('refused');
    expect(await exclusions()).toBe(0);
  });

  it.each([
    ['an answer that was lost', failure({ submitClass: 'unknown' })],
    ['anything unforeseen', new TypeError('broken')],
  ])('after it was sent by %s is unknown, and is not sent again', async (_name, error) => {
    const one = await assigned();
    worker.upstream.script.lose.push(() => {
      throw error;
    });
    await run(one);
    expect((await attemptOf(one)).state).toBe('unknown');
    expect(await generationOf(one)).toMatchObject({ state: 'queued', tokenId });
    expect(worker.bells.of('poll')).toEqual([{ tokenId }]);
    await run(one);
    await run(one, worker.sibling());
    expect(worker.upstream.tasks).toHaveLength(1);
    expect(await slots()).toBe(1);
  });
});

describe('an answer', () => {
  it('that comes while the attempt is being reconciled settles it', async () => {
    const one = await assigned();
    worker.upstream.script.lose.push(async () => void (await markUnknown(file.database, one.attemptId, 'late')));
    await run(one);
    expect(await attemptOf(one)).toMatchObject({ state: 'acked', operationId: 'task-1' });
  });

  it('that comes after the attempt was proven absent is noted as litter', async () => {
    const one = await assigned();
    worker.upstream.script.lose.push(async () => {
      await markUnknown(file.database, one.attemptId, 'late');
      await closeAbsent(file.database, { ...one, reason: 'x' });
    });
    await run(one);
    expect((await attemptOf(one)).state).toBe('absent');
    expect(await file.database.upstreamLitter.findMany({ where: { tokenId } })).toMatchObject([
      { kind: 'late_answer', tokenId, attemptId: one.attemptId, reference: { operationId: 'task-1' } },
    ]);
  });

  it('that names the task of another generation is lost: neither adopted nor sent again', async () => {
    const first = await assigned();
    await send(first);
    const operation = { id: 'task-1' };
    await acknowledgeSubmit(file.database, { ...first, operation, from: ['sent'], litterId: 'l' });
    const second = await assigned();
    await run(second);
    expect((await attemptOf(second)).state).toBe('lost');
    expect(await generationOf(second)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
    expect(await slots()).toBe(2);
  });
});
