import { beginSend } from '@reelay/db/attempts/begin-send';
import { assignTo, insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken, type TokenRow } from '@reelay/db/factories/insert-token';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import { failure } from '../testing/scripted-upstream.js';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { pollToken } from './poll.js';
import { runGeneration } from './run.js';

let file: TestFile;
let worker: TestWorker;
let tokenId: string;

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());
beforeEach(() => begin());

/** Times of reconciliation at zero: three listings after `sent` prove absence at once. */
const patient = { 'reconcile.settleMs': 60_000 };
const hasty = { 'submit.timeoutMs': 0, 'submit.freshnessMs': 60_000, 'reconcile.settleMs': 0 };

async function begin(settings = {}, token: TokenRow = {}): Promise<void> {
  worker = await file.startWorker({ 'poll.minimumMs': 10, 'poll.maximumMs': 1_000, ...settings });
  tokenId = await insertToken(file.database, token);
}

const poll = () => pollToken(worker.parts, { tokenId }, worker.context);
async function submitted(): Promise<{ generationId: string; attemptId: string }> {
  const assigned = await insertAssigned(file.database, { tokenId });
  await runGeneration(worker.parts, assigned, worker.context);
  return assigned;
}
/** Sent, and nobody knows whether the upstream has it. */
function unknown({ isAccepted }: { isAccepted: boolean }) {
  const script = isAccepted ? worker.upstream.script.lose : worker.upstream.script.refuse;
  script.push(() => {
    throw failure({ submitClass: 'unknown' });
  });
  return submitted();
}
const generationOf = ({ generationId }: { generationId: string }) =>
  file.database.generation.findUniqueOrThrow({ where: { id: generationId } });
const attemptOf = ({ attemptId }: { attemptId: string }) =>
  file.database.submitAttempt.findUniqueOrThrow({ where: { id: attemptId } });
const slots = () => file.database.tokenSlot.count({ where: { tokenId } });
const task = (index: number) => {
  const found = worker.upstream.tasks[index];
  if (!found) throw new Error(`the upstream has no task ${index}`);
  return found;
};
const strangeTask = (id: string) => ({ id, prompt: '', state: 'pending' as const, progress: 0 });
const lastEventLongAgo = ({ generationId }: { generationId: string }) =>
  file.database.generationEvent.updateMany({ where: { generationId }, data: { createdAt: new Date(0) } });

describe('a round for accepted tasks', () => {
  it('ends when nothing is open on the account', async () => {
    expect(await poll()).toBeUndefined();
    expect(worker.upstream.calls.poll).toBe(0);
  });

  it('serves all tasks of the account with one call and comes again', async () => {
    const [first, second] = [await submitted(), await submitted()];
    await Promise.all([first, second].map(lastEventLongAgo));
    task(0).progress = 40;
    task(1).progress = 10;
    expect((await poll())?.againInMs).toBeLessThanOrEqual(1_000);
    expect(worker.upstream.calls.poll).toBe(1);
    expect(await generationOf(first)).toMatchObject({ stage: 'rendering', progress: 40 });
    expect(await generationOf(second)).toMatchObject({ stage: 'rendering', progress: 10 });
    expect(worker.published.at(-1)).toMatchObject({ type: 'generation.progressed' });
  });

  it('tells of progress at most once a second, and never of none', async () => {
    const one = await submitted();
    await lastEventLongAgo(one);
    const { seq } = await generationOf(one);
    for (const progress of [20, 20, 30]) {
      task(0).progress = progress;
      await poll();
    }
    expect(await generationOf(one)).toMatchObject({ seq: seq + 1, progress: 20 });
    expect((await attemptOf(one)).progress).toBe(30);
    await lastEventLongAgo(one);
    await poll();
    expect(await generationOf(one)).toMatchObject({ seq: seq + 2, progress: 30 });
  });

  it('frees the slot of what is done, stores its addresses and has it fetched', async () => {
    const one = await submitted();
    task(0).state = 'done';
    worker.upstream.mediaSources = [{ url: 'http://media/1', kind: 'video' }];
    expect(await poll()).toBeUndefined();
    expect(await generationOf(one)).toMatchObject({ stage: 'fetching', mediaSources: worker.upstream.mediaSources });
    expect(await attemptOf(one)).toMatchObject({ state: 'ended', draftId: 'gen_task-1' });
    expect(await slots()).toBe(0);
    expect(worker.bells.of('finish')).toEqual([{ generationId: one.generationId }]);
    expect(worker.bells.of('dispatch')).toHaveLength(1);
  });

  it('fails what the upstream refused after accepting it', async () => {
    const one = await submitted();
    task(0).state = 'refused';
    await poll();
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'content_policy_violation' } });
    expect(await slots()).toBe(0);
  });

  it('frees the slot of a cancelled generation only when the upstream is done, and fetches nothing', async () => {
    const one = await submitted();
    await failGeneration(file.database, one.generationId, { code: 'cancelled', message: 'x' });
    expect(await poll()).toBeDefined();
    expect(await slots()).toBe(1);
    task(0).state = 'done';
    expect(await poll()).toBeUndefined();
    expect(await slots()).toBe(0);
    expect(worker.bells.of('finish')).toEqual([]);
  });

  it('gives up what takes longer than a task may', async () => {
    await begin({ 'render.maximumMs': 0 });
    const one = await submitted();
    await poll();
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_timeout' } });
    expect((await attemptOf(one)).state).toBe('lost');
    expect(await slots()).toBe(0);
    expect(await poll()).toBeUndefined();
  });
});

describe('a round that fails', () => {
  it('comes again later and later, and at the usual pace once it has gone well', async () => {
    await begin({ 'poll.minimumMs': 1_000, 'poll.maximumMs': 15_000 });
    await submitted();
    for (let round = 0; round < 3; round += 1) {
      worker.upstream.script.poll.push(() => {
        throw failure({ fault: 'upstream' });
      });
    }
    const pauses = [(await poll())?.againInMs, (await poll())?.againInMs, (await poll())?.againInMs];
    expect(pauses[1]).toBeGreaterThan(pauses[0] ?? 0);
    expect(pauses[2]).toBeGreaterThan(pauses[1] ?? 0);
    expect((await poll())?.againInMs).toBeLessThan(1_500);
    const token = await file.database.token.findUniqueOrThrow({ where: { id: tokenId } });
    expect(token).toMatchObject({ state: 'active', videoCoolingUntil: null });
  });

  it('asks for a newer credential when the old one is rejected', async () => {
    await submitted();
    worker.upstream.script.poll.push(() => {
      throw failure({ submitClass: 'refused', fault: 'token', tokenEffect: { effect: 'credential_rejected' } });
    });
    expect(await poll()).toBeDefined();
    expect(worker.credentials.renewed).toEqual([1]);
  });

  it('without a credential still gives up what takes too long', async () => {
    await begin({ 'render.maximumMs': 0 });
    const one = await submitted();
    worker.credentials.isAvailable = false;
    expect(await poll()).toBeDefined();
    expect((await generationOf(one)).state).toBe('failed');
  });

  it('because this process leaves is put back and counts for nothing', async () => {
    await submitted();
    const leaving = new AbortController();
    worker.upstream.script.poll.push(() => {
      leaving.abort(new Error('leaving'));
      throw failure({});
    });
    const context = { ...worker.context, signal: leaving.signal };
    await expect(pollToken(worker.parts, { tokenId }, context)).rejects.toThrow('leaving');
  });
});

describe('an unknown submit', () => {
  it('is found by elimination and adopted, without a second submit', async () => {
    worker.upstream.strangers = ['from long ago'];
    const before = await submitted();
    const one = await unknown({ isAccepted: true });
    expect(await poll()).toBeDefined();
    expect(await attemptOf(one)).toMatchObject({ state: 'acked', operationId: 'task-2' });
    expect(await attemptOf(before)).toMatchObject({ operationId: 'task-1' });
    expect(await generationOf(one)).toMatchObject({ state: 'running', stage: 'rendering' });
    expect(worker.upstream.tasks).toHaveLength(2);
  });

  it('is found also when the upstream finished it meanwhile', async () => {
    const one = await unknown({ isAccepted: true });
    task(0).state = 'done';
    worker.upstream.mediaSources = [{ url: 'http://media/1', kind: 'video' }];
    await poll();
    await poll();
    expect((await generationOf(one)).stage).toBe('fetching');
  });

  it('whose sender is gone is found too, from the moment it cannot be at work any more', async () => {
    const one = await insertAssigned(file.database, { tokenId });
    await beginSend(file.database, { ...one, knownBefore: { pending: [], finished: [] } });
    worker.upstream.tasks.push(strangeTask('task-1'));
    expect(await poll()).toBeDefined();
    expect((await attemptOf(one)).state).toBe('sent');
    const sentAt = new Date(Date.now() - 56_000);
    await file.database.submitAttempt.update({ where: { id: one.attemptId }, data: { sentAt } });
    await poll();
    expect(await attemptOf(one)).toMatchObject({ state: 'acked', operationId: 'task-1' });
  });

  it('that is nowhere is absent only after enough clean listings over enough time', async () => {
    await begin({ ...hasty, ...patient });
    const one = await unknown({ isAccepted: false });
    for (let round = 0; round < 5; round += 1) expect(await poll()).toBeDefined();
    expect(await attemptOf(one)).toMatchObject({ state: 'unknown', cleanListings: 5 });
    const firstCleanAt = new Date(Date.now() - 61_000);
    await file.database.submitAttempt.update({ where: { id: one.attemptId }, data: { firstCleanAt } });
    expect(await poll()).toBeUndefined();
    expect((await attemptOf(one)).state).toBe('absent');
    expect(await generationOf(one)).toMatchObject({ state: 'queued', stage: 'waiting', tokenId: null });
    expect(await slots()).toBe(0);
    expect(worker.bells.of('dispatch')).toHaveLength(1);
  });

  it('is not given up before its submit can no longer arrive', async () => {
    await begin({ 'reconcile.settleMs': 0 });
    const one = await unknown({ isAccepted: false });
    for (let round = 0; round < 5; round += 1) await poll();
    expect(await attemptOf(one)).toMatchObject({ state: 'unknown', cleanListings: 0 });
    worker.upstream.tasks.push(strangeTask('task-late'));
    await poll();
    expect(await attemptOf(one)).toMatchObject({ state: 'acked', operationId: 'task-late' });
  });

  it('that is absent is submitted again, and fails when it was absent too often', async () => {
    await begin({ ...hasty, 'submit.maximumAbsences': 2 });
    const one = await unknown({ isAccepted: false });
    for (let round = 0; round < 3; round += 1) await poll();
    expect(await generationOf(one)).toMatchObject({ state: 'queued', tokenId: null });
    const again = await assignTo(file.database, { generationId: one.generationId, tokenId });
    worker.upstream.script.refuse.push(() => {
      throw failure({ submitClass: 'unknown' });
    });
    await runGeneration(worker.parts, again, worker.context);
    for (let round = 0; round < 3; round += 1) await poll();
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
    expect(await slots()).toBe(0);
  });

  it.each<[string, () => void, TokenRow]>([
    ['two tasks could be the one', () => worker.upstream.tasks.push(strangeTask('x')), {}],
    ['the lists cannot be looked through', () => worker.upstream.hideRest(), {}],
    ['people use the account too', () => {}, { usedByPeople: true }],
  ])('is lost at once when %s: it fails, is not repeated and keeps its slot', async (_name, arrange, token) => {
    await begin({}, token);
    const one = await unknown({ isAccepted: true });
    arrange();
    expect(await poll()).toBeUndefined();
    expect((await attemptOf(one)).state).toBe('lost');
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
    const [slot] = await file.database.tokenSlot.findMany({ where: { tokenId } });
    expect(slot?.freeAt?.getTime()).toBeGreaterThan(Date.now() + 40 * 60_000);
  });

  it('is not taken for a task whose answer came too late for another attempt', async () => {
    await begin(hasty);
    const one = await unknown({ isAccepted: false });
    worker.upstream.tasks.push(strangeTask('task-late'));
    await file.database.upstreamLitter.create({
      data: { id: `litter-${tokenId}`, tokenId, kind: 'late_answer', reference: { operationId: 'task-late' } },
    });
    await poll();
    expect(await attemptOf(one)).toMatchObject({ state: 'unknown', cleanListings: 1 });
  });

  it('stays unknown while the lists cannot be read, and finished tasks do not wait for it', async () => {
    const rendering = await submitted();
    const one = await unknown({ isAccepted: true });
    task(0).state = 'done';
    worker.upstream.script.list.push(() => {
      throw failure({});
    });
    expect(await poll()).toBeDefined();
    expect((await generationOf(rendering)).stage).toBe('fetching');
    expect(await attemptOf(one)).toMatchObject({ state: 'unknown', cleanListings: 0 });
  });

  it('is found although the round of polling before it failed', async () => {
    await submitted();
    const one = await unknown({ isAccepted: true });
    worker.upstream.script.poll.push(() => {
      throw failure({});
    });
    await poll();
    expect((await attemptOf(one)).state).toBe('acked');
  });

  it('of a cancelled generation is reconciled all the same, for its slot', async () => {
    await begin(hasty);
    const one = await unknown({ isAccepted: false });
    await failGeneration(file.database, one.generationId, { code: 'cancelled', message: 'x' });
    for (let round = 0; round < 3; round += 1) await poll();
    expect((await attemptOf(one)).state).toBe('absent');
    expect(await slots()).toBe(0);
  });

  it('fails after its timeout where the upstream has no lists', async () => {
    worker.upstream.reconcile = 'none';
    const one = await unknown({ isAccepted: true });
    expect(await poll()).toBeDefined();
    expect((await attemptOf(one)).state).toBe('unknown');
    const sentAt = new Date(Date.now() - 46_000);
    await file.database.submitAttempt.update({ where: { id: one.attemptId }, data: { sentAt } });
    expect(await poll()).toBeUndefined();
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_outcome_unknown' } });
  });
});
