import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { undoAssignment } from '../attempts/withdraw-attempt.js';
import { writePollOutcomes } from '../attempts/write-poll-outcomes.js';
import { createDatabase, type Database } from '../client.js';
import { insertAssigned, insertGeneration } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { addLitter } from '../litter/add-litter.js';
import { finishLitter, noteLitterError, takeDueLitter } from '../litter/work-off-litter.js';
import { deleteExpired } from '../repair/delete-expired.js';
import { findMissingJobs } from '../repair/find-missing-jobs.js';
import { removeHeldSlots } from '../repair/remove-held-slots.js';
import { insertCalls } from '../upstream-calls/insert-calls.js';
import { failGeneration, findOverdue } from './fail-generation.js';
import { findFinishSubject } from './find-finish-subject.js';
import { findRunSubject } from './find-run-subject.js';
import { finishGeneration } from './finish-generation.js';
import { moveAssigned, storePrepared } from './move-assigned.js';
import { countFinishTry, isBeingFetched, storeFreshSources } from './track-finish.js';

let file: TestDatabase;
let database: Database;
let tokenId: string;

beforeEach(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
  tokenId = await insertToken(database);
});
afterEach(async () => {
  await database.$disconnect();
  await file.drop();
});

async function fetchingGeneration() {
  const assigned = await insertAssigned(database, { tokenId });
  await beginSend(database, assigned);
  const operation = { id: `task-${assigned.attemptId}` };
  await acknowledgeSubmit(database, { ...assigned, operation, from: ['sent'], litterId: 'litter' });
  const media = [{ url: 'https://media/1', kind: 'video' as const }];
  await writePollOutcomes(database, {
    pending: [],
    progressed: [],
    refused: [],
    next: [],
    done: [{ ...assigned, operation, media }],
  });
  return assigned;
}
const generationOf = (id: string) => database.generation.findUniqueOrThrow({ where: { id } });
const stored = {
  assetId: 'asset-1',
  ordinal: 0,
  storageKey: 'results/x/0.mp4',
  contentType: 'video/mp4',
  sizeBytes: 1_234,
  sha256: 'ab',
  width: 640,
  height: 360,
  durationMs: 10_000,
};

describe('an assigned generation', () => {
  it('is read with its request, token and open attempt', async () => {
    const assigned = await insertAssigned(database, { tokenId, prompt: 'a kite' });
    expect(await findRunSubject(database, assigned.generationId)).toMatchObject({
      state: 'queued',
      stage: 'waiting',
      fence: assigned.fence,
      waitMs: 0,
      prepared: null,
      request: { prompt: 'a kite', frames: 300 },
      token: { id: tokenId, target: 'simulator' },
      attempt: { id: assigned.attemptId, state: 'intent', sentAgoMs: undefined },
    });
    const waiting = await findRunSubject(database, await insertGeneration(database));
    expect(waiting).toMatchObject({ token: undefined, attempt: undefined });
    expect(await findRunSubject(database, 'none')).toBeUndefined();
  });

  it('moves through its stages only for the run of its assignment', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    expect(await moveAssigned(database, assigned, 'preparing')).toMatchObject({ isCurrent: true, events: [{}] });
    expect(await moveAssigned(database, assigned, 'preparing')).toEqual({ isCurrent: true, events: [] });
    const stale = { ...assigned, fence: assigned.fence - 1n };
    expect(await moveAssigned(database, stale, 'submitting')).toEqual({ isCurrent: false, events: [] });
    expect(await storePrepared(database, stale, { upload: 1 })).toBeUndefined();
    expect(await storePrepared(database, assigned, { upload: 1 })).toEqual({ prepared: { upload: 1 } });
    expect(await storePrepared(database, assigned, { upload: 2 })).toEqual({ prepared: { upload: 1 } });
    await failGeneration(database, assigned.generationId, { code: 'cancelled', message: 'x' });
    expect((await moveAssigned(database, assigned, 'submitting')).isCurrent).toBe(false);
  });

  it('goes back when its assignment is undone, without what was prepared', async () => {
    const assigned = await insertAssigned(database, { tokenId });
    await storePrepared(database, assigned, { upload: 1 });
    expect(await undoAssignment(database, assigned)).toHaveLength(1);
    expect(await undoAssignment(database, assigned)).toEqual([]);
    expect(await generationOf(assigned.generationId)).toMatchObject({
      tokenId: null,
      prepared: null,
      stage: 'waiting',
    });
  });
});

describe('finishing', () => {
  it('writes asset and end once, however many workers finish', async () => {
    const { generationId } = await fetchingGeneration();
    const subject = await findFinishSubject(database, generationId);
    expect(subject).toMatchObject({ stage: 'fetching', tries: 0, tokenId, sources: [{ url: 'https://media/1' }] });
    const finish = (assetId: string) =>
      finishGeneration(database, { generationId, ownerId: subject?.ownerId ?? '' }, [{ ...stored, assetId }]);
    const ended = await Promise.all([finish('asset-1'), finish('asset-2'), finish('asset-3')]);
    expect(ended.filter(Boolean)).toHaveLength(1);
    const [asset] = await database.asset.findMany({ where: { generationId } });
    const generation = await generationOf(generationId);
    expect(generation).toMatchObject({ state: 'succeeded', progress: 100, mediaSources: null });
    expect(generation.result).toEqual({
      media: [
        {
          assetId: asset?.id,
          contentType: 'video/mp4',
          sizeBytes: 1_234,
          width: 640,
          height: 360,
          durationMs: 10_000,
        },
      ],
    });
  });

  it('counts tries and renews addresses only while the media are fetched', async () => {
    const { generationId } = await fetchingGeneration();
    expect(await isBeingFetched(database, generationId)).toBe(true);
    expect(await countFinishTry(database, { generationId, isRefusal: false })).toEqual({ tries: 1, refusals: 0 });
    expect(await countFinishTry(database, { generationId, isRefusal: true })).toEqual({ tries: 2, refusals: 1 });
    await storeFreshSources(database, generationId, [{ url: 'https://media/2', kind: 'video' }]);
    expect((await findFinishSubject(database, generationId))?.sources[0]?.url).toBe('https://media/2');
    await failGeneration(database, generationId, { code: 'media_unavailable', message: 'gone' });
    expect(await countFinishTry(database, { generationId, isRefusal: true })).toBeUndefined();
    expect(await isBeingFetched(database, generationId)).toBe(false);
  });
});

describe('repair', () => {
  it('tells from the rows alone which jobs should exist', async () => {
    expect(await findMissingJobs(database)).toEqual({ run: [], poll: [], finish: [], isWaiting: false });
    const fetching = await fetchingGeneration();
    const assigned = await insertAssigned(database, { tokenId });
    const sent = await insertAssigned(database, { tokenId });
    await beginSend(database, sent);
    await insertGeneration(database);
    const missing = await findMissingJobs(database);
    expect(missing.run.sort()).toEqual([assigned.generationId, sent.generationId].sort());
    expect(missing).toMatchObject({ poll: [tokenId], finish: [fetching.generationId], isWaiting: true });
  });

  it('finds assigned and running generations past their deadline and leaves waiting ones alone', async () => {
    await insertGeneration(database, { deadlineMs: -1 });
    await insertAssigned(database, { tokenId });
    const late = await insertAssigned(database, { tokenId, deadlineMs: -1 });
    expect(await findOverdue(database, 10)).toEqual([late.generationId]);
    expect(
      await failGeneration(database, late.generationId, { code: 'deadline_exceeded', message: 'x' }),
    ).toBeDefined();
    expect(
      await failGeneration(database, late.generationId, { code: 'deadline_exceeded', message: 'x' }),
    ).toBeUndefined();
    expect(await database.tokenSlot.count({ where: { attemptId: late.attemptId } })).toBe(0);
  });

  it('removes held slots only when their time has passed', async () => {
    const [early, late] = [await insertAssigned(database, { tokenId }), await insertAssigned(database, { tokenId })];
    const free = (attemptId: string, inMs: number) =>
      database.tokenSlot.update({ where: { attemptId }, data: { freeAt: new Date(Date.now() + inMs) } });
    await free(early.attemptId, -1_000);
    await free(late.attemptId, 60_000);
    expect(await removeHeldSlots(database)).toBe(1);
    expect(await database.tokenSlot.count({ where: { tokenId } })).toBe(1);
  });

  it('deletes what is kept for a week only, and no end of a generation', async () => {
    const { generationId } = await fetchingGeneration();
    const call = { tokenId, operation: 'poll', method: 'GET', url: 'https://x/', durationMs: 1 };
    const longAgo = new Date(Date.now() - 8 * 24 * 3_600_000);
    await insertCalls(database, [
      { ...call, createdAt: longAgo },
      { ...call, createdAt: new Date() },
    ]);
    await failGeneration(database, generationId, { code: 'media_unavailable', message: 'gone' });
    expect(await deleteExpired(database)).toBe(false);
    expect(await database.generationEvent.count({ where: { generationId } })).toBe(4);
    await database.generation.update({ where: { id: generationId }, data: { completedAt: longAgo } });
    await database.generationEvent.updateMany({ where: { generationId }, data: { createdAt: longAgo } });
    await deleteExpired(database);
    const left = await database.generationEvent.findMany({ where: { generationId }, orderBy: { seq: 'asc' } });
    expect(left.map((event) => event.type)).toEqual(['generation.queued', 'generation.failed']);
    expect(await database.upstreamCall.count()).toBe(1);
  });
});

describe('litter', () => {
  it('is taken by one process at a time and comes back later until it is gone', async () => {
    const litter = { tokenId, kind: 'post', reference: { id: 's_1' } };
    await addLitter(database, { ...litter, id: 'due', firstTryInMs: 0 });
    await addLitter(database, { ...litter, id: 'later', firstTryInMs: 60_000 });
    await addLitter(database, { ...litter, id: 'only-counted' });
    const taken = await Promise.all([takeDueLitter(database, 5), takeDueLitter(database, 5)]);
    expect(taken.flat()).toEqual([
      {
        ...litter,
        id: 'due',
        provider: 'sora',
        target: 'simulator',
        attemptId: null,
        routeKey: expect.any(String),
        tries: 1,
      },
    ]);
    await noteLitterError(database, 'due', 'refused');
    const row = await database.upstreamLitter.findUniqueOrThrow({ where: { id: 'due' } });
    expect(row).toMatchObject({ lastError: 'refused', doneAt: null });
    expect(row.nextTryAt?.getTime()).toBeGreaterThan(Date.now() + 10_000);
    await finishLitter(database, 'due');
    expect(await database.upstreamLitter.findUniqueOrThrow({ where: { id: 'due' } })).toMatchObject({
      doneAt: expect.any(Date),
      nextTryAt: null,
    });
  });
});
