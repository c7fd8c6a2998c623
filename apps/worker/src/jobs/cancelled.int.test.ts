/** What a worker does with a generation that its client has cancelled or deleted, or whose deadline has passed. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { soraDeclaration } from '@reelay/contracts/provider-declarations';
import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { cancelGeneration } from '@reelay/db/generations/cancel-generation';
import { deleteGeneration } from '@reelay/db/generations/delete-generation';
import { failure } from '../testing/scripted-upstream.js';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { tinyMp4 } from '../testing/tiny-mp4.js';
import { cleanLitter } from '../timers/clean-litter.js';
import { removeDeletedRows } from '../timers/remove-deleted.js';
import { repair } from '../timers/repair.js';
import { sweepLooseFiles } from '../timers/sweep-loose-files.js';
import { finishMedia } from './finish.js';
import { pollToken } from './poll.js';
import { runGeneration } from './run.js';

let file: TestFile;
let server: Server;
let worker: TestWorker;
let tokenId: string;
let serve: RequestListener;
let requests = 0;
let mediaUrl: string;

beforeAll(async () => {
  file = await openTestFile();
  server = createServer((request, response) => {
    requests += 1;
    serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mediaUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await file.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(async () => {
  await file.database.looseFile.deleteMany();
  requests = 0;
  serve = (_request, response) => response.end(tinyMp4());
  worker = await file.startWorker(
    { 'finish.attempts': 1, 'submit.timeoutMs': 0, 'reconcile.settleMs': 0, 'reconcile.knownBeforeMs': 0 },
    mediaUrl,
  );
  worker.upstream.mediaSources = [{ url: `${mediaUrl}/video`, kind: 'video' }];
  tokenId = await insertToken(file.database, { videoLimit: 1 });
});

const ownerId = 'owner-of-tests';
type Work = { generationId: string };
const begin = async (row: { deadlineMs?: number; request?: object } = {}) => {
  const one = await insertAssigned(file.database, { tokenId, prompt: 'dance', ...row });
  await run(one);
  return one;
};
const run = ({ generationId }: Work) => runGeneration(worker.parts, { generationId }, worker.context);
const poll = () => pollToken(worker.parts, { tokenId }, worker.context);
const finish = ({ generationId }: Work) => finishMedia(worker.parts, { generationId }, worker.context);
const timer = (round: typeof sweepLooseFiles | typeof removeDeletedRows) =>
  round(worker.parts, worker.context.log, worker.context.signal);
const clean = () => cleanLitter(worker.parts, worker.context.log, worker.context.signal);
const cancel = ({ generationId: id }: Work) => cancelGeneration(file.database, { id, ownerId });
const remove = ({ generationId: id }: Work) => deleteGeneration(file.database, { id, ownerId });
const rowOf = ({ generationId: id }: Work) => file.database.generation.findUnique({ where: { id } });
const attemptsOf = ({ generationId }: Work) => file.database.submitAttempt.findMany({ where: { generationId } });
const slots = () => file.database.tokenSlot.count({ where: { tokenId } });
const storedOf = ({ generationId }: Work) => file.storage.stat(`results/${generationId}/0.mp4`);
const terminalEvents = () => worker.published.filter(({ type }) => /succeeded|failed|cancelled/.test(type));
const newest = () => {
  const task = worker.upstream.tasks.at(-1);
  if (!task) throw new Error('the upstream has no task');
  return task;
};
const mayCancel = () => {
  worker.upstream.declaration = { ...soraDeclaration, canCancel: true };
};
/** Rendered, and about to be fetched. */
const fetching = async () => {
  const one = await begin();
  newest().state = 'done';
  await poll();
  expect(await rowOf(one)).toMatchObject({ stage: 'fetching' });
  return one;
};

describe('a task that nobody waits for any more', () => {
  it('is polled until the upstream is done, which frees its slot, and its media are not fetched', async () => {
    const one = await begin();
    await cancel(one);
    await poll();
    expect(await slots()).toBe(1);
    expect(worker.upstream.cancelled).toEqual([]);
    newest().state = 'done';
    await poll();
    expect(await slots()).toBe(0);
    expect(worker.bells.of('finish')).toEqual([]);
    await finish(one);
    await run(one);
    expect(requests).toBe(0);
    expect(worker.upstream.tasks).toHaveLength(1);
    expect(terminalEvents()).toEqual([]);
  });

  it('is called off upstream where that can be done, once, and frees its slot when it is over there', async () => {
    mayCancel();
    const one = await begin();
    await poll();
    expect(worker.upstream.cancelled).toEqual([]);
    await cancel(one);
    await poll();
    await poll();
    expect(worker.upstream.cancelled).toEqual(['task-1']);
    expect(await attemptsOf(one)).toMatchObject([{ state: 'ended', cancelledAt: expect.any(Date) as Date }]);
    expect(await slots()).toBe(0);
    expect(await rowOf(one)).toMatchObject({ state: 'cancelled' });
  });

  it('is told of a few times at most, and an upstream that does not listen is polled all the same', async () => {
    mayCancel();
    const one = await begin();
    await cancel(one);
    const deaf = () => {
      throw failure({ submitClass: 'unknown' });
    };
    worker.upstream.script.cancel.push(deaf, deaf, deaf, deaf);
    for (let round = 0; round < 5; round += 1) expect(await poll()).toBeDefined();
    expect(worker.upstream.cancelled).toHaveLength(3);
    expect(worker.upstream.calls.poll).toBe(5);
    expect(await slots()).toBe(1);
  });

  it('past its deadline is treated the same: failed at once, called off, not fetched, and nothing is told afterwards', async () => {
    mayCancel();
    const one = await begin();
    await file.database.generation.update({ where: { id: one.generationId }, data: { deadlineAt: new Date(0) } });
    await repair(worker.parts, worker.context.log);
    expect(await rowOf(one)).toMatchObject({ state: 'failed', error: { code: 'deadline_exceeded' } });
    expect(await slots()).toBe(1);
    const told = worker.published.length;
    await poll();
    expect(worker.upstream.cancelled).toEqual(['task-1']);
    expect(await slots()).toBe(0);
    await repair(worker.parts, worker.context.log);
    expect(worker.published).toHaveLength(told);
    expect(requests).toBe(0);
  });
});

describe('several steps', () => {
  const request = { workflow: 'character_video' as const };

  it('go no further than the one that was cancelled, and what they made is removed upstream', async () => {
    const one = await begin({ request });
    newest().state = 'done';
    await poll();
    await run(one);
    await cancel(one);
    newest().state = 'done';
    await poll();
    await run(one);
    expect(worker.upstream.tasks.map(({ step }) => step)).toEqual(['upload', 'finalize']);
    await clean();
    expect(worker.upstream.removed).toEqual([{ kind: 'character', reference: expect.anything() }]);
    expect(await slots()).toBe(0);
  });

  it('of a deleted one are reconciled, removed upstream, and then forgotten', async () => {
    const one = await begin({ request });
    newest().state = 'done';
    await poll();
    worker.upstream.script.lose.push(() => {
      throw failure({ submitClass: 'unknown' });
    });
    await run(one);
    await remove(one);
    await timer(removeDeletedRows);
    expect(await attemptsOf(one)).toMatchObject([{ state: 'ended' }, { state: 'unknown' }]);
    await poll();
    expect(await attemptsOf(one)).toMatchObject([{ state: 'ended' }, { state: 'acked' }]);
    newest().state = 'done';
    await poll();
    expect(await slots()).toBe(0);
    await timer(removeDeletedRows);
    expect(await rowOf(one)).not.toBeNull();
    await clean();
    expect(worker.upstream.removed).toHaveLength(1);
    await timer(removeDeletedRows);
    expect(await rowOf(one)).toBeNull();
    expect(worker.upstream.tasks.filter(({ step }) => step === 'create')).toEqual([]);
  });
});

describe('an end that comes while media are fetched', () => {
  it.each([
    ['cancelled', cancel],
    ['deleted', remove],
  ])('%s: nothing is kept and nothing is told', async (_name, end) => {
    const one = await fetching();
    serve = (_request, response) => void end(one).then(() => response.end(tinyMp4()));
    expect(await finish(one)).toBeUndefined();
    expect(requests).toBe(1);
    expect(await storedOf(one)).toBeUndefined();
    expect(await file.database.asset.count({ where: { generationId: one.generationId } })).toBe(0);
    expect(terminalEvents()).toEqual([]);
    await file.database.looseFile.updateMany({ data: { removeAt: new Date(0), keepUntil: new Date(0) } });
    await timer(sweepLooseFiles);
    expect(await file.database.looseFile.count()).toBe(0);
  });

  it('cuts a download short that would go on for ever', async () => {
    const one = await fetching();
    serve = (_request, response) => {
      response.write(tinyMp4());
      const drip = setInterval(() => response.write(Buffer.alloc(10)), 50);
      response.once('close', () => clearInterval(drip));
      void cancel(one);
    };
    expect(await finish(one)).toBeUndefined();
    expect(await storedOf(one)).toBeUndefined();
    expect(terminalEvents()).toEqual([]);
  });

  it('leaves nothing in the store although the worker dies when the file is whole', async () => {
    const one = await fetching();
    const dies = worker.sibling();
    // The end of this worker: its last statement never comes.
    const database = Object.create(dies.database, { $transaction: { value: () => Promise.reject(new Error('dead')) } });
    await finishMedia({ ...dies, database }, { generationId: one.generationId }, worker.context).catch(() => undefined);
    expect(await storedOf(one)).toBeDefined();
    await cancel(one);
    await timer(sweepLooseFiles);
    // Nobody knows that it is dead.
    expect(await storedOf(one)).toBeDefined();
    await file.database.looseFile.updateMany({ data: { removeAt: new Date(0), keepUntil: new Date(0) } });
    await timer(sweepLooseFiles);
    expect(await storedOf(one)).toBeUndefined();
    expect(await file.database.looseFile.count()).toBe(0);
  });

  it('is too late for a result that is there, whose file then goes with it', async () => {
    const one = await fetching();
    await finish(one);
    expect(await storedOf(one)).toBeDefined();
    await timer(sweepLooseFiles);
    expect(await storedOf(one)).toBeDefined();
    await remove(one);
    await timer(sweepLooseFiles);
    expect(await storedOf(one)).toBeUndefined();
    await timer(removeDeletedRows);
    expect(await rowOf(one)).toBeNull();
  });
});
