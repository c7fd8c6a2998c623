import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { waitFor } from '@reelay/testing/wait-for';
import { insertReference } from '../assets/insert-reference.js';
import { noteReferenceFile, noteRemovedFiles, noteResultFile, takeLooseFiles } from '../assets/loose-files.js';
import { removeUnusedReferences } from '../assets/sweep-references.js';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { closeAbsent } from '../attempts/close-unknown.js';
import { findUnknownSubject } from '../attempts/find-unknown-subject.js';
import { markUnknown } from '../attempts/mark-unknown.js';
import { writePollOutcomes } from '../attempts/write-poll-outcomes.js';
import { createDatabase, type Database } from '../client.js';
import { type Assigned, assignTo, insertAssigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { finishLitter } from '../litter/work-off-litter.js';
import { removeDeleted } from '../repair/remove-deleted.js';
import { sumUpBookings } from '../statistics/sum-up-bookings.js';
import { insertCalls } from '../upstream-calls/insert-calls.js';
import { cancelGeneration } from './cancel-generation.js';
import { deleteGeneration } from './delete-generation.js';
import { failGeneration } from './fail-generation.js';
import { findDraftMaker, findOwnDraft } from './find-draft.js';
import { findGeneration } from './find-generation.js';
import { findRunSubject } from './find-run-subject.js';
import { finishGeneration } from './finish-generation.js';
import { lockGeneration } from './lock-generation.js';
import { storePrepared } from './move-assigned.js';
import { readSeqs } from './read-events.js';

let file: TestDatabase;
let database: Database;
let tokenId: string;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation, loose_file, upstream_call, usage CASCADE`;
  tokenId = await insertToken(database, { videoLimit: 1 });
});

const ownerId = 'owner-of-tests';
const secret = 'a very private boat';
const request = {
  workflow: 'remix' as const,
  style: 'anime',
  storyboard: { instructions: secret, shots: [] },
  parent: { type: 'draft' as const, id: 'gen_private', generationId: 'parent' },
  asked: { prompt: secret },
};
const remove = ({ generationId: id }: { generationId: string }) => deleteGeneration(database, { id, ownerId });
const assigned = async () => {
  const one = await insertAssigned(database, { tokenId, prompt: secret, request });
  await storePrepared(database, one, { caption: secret });
  return one;
};
const acked = async (draftId = 'gen_made') => {
  const one = await assigned();
  await beginSend(database, { ...one, knownBefore: { pending: [], finished: [] } });
  const operation = { id: `task-${one.attemptId}`, draftId, data: { text: secret } };
  const litter = [{ id: `post-${one.attemptId}`, kind: 'post', reference: { postId: 's_1' } }];
  await acknowledgeSubmit(database, { ...one, operation, from: ['sent'], litter, litterId: `late-${one.attemptId}` });
  return { ...one, operation };
};
const over = (one: Awaited<ReturnType<typeof acked>>) =>
  writePollOutcomes(database, {
    ...{ pending: [], progressed: [], next: [], refused: [] },
    done: [{ ...one, media: [{ url: `http://x/${secret}`, kind: 'video' }], extras: { text: secret } }],
  });
const fetching = async () => {
  const one = await acked();
  expect(await over(one)).toMatchObject({ fetching: [one.generationId] });
  return { ...one, ownerId, storageKey: `results/${one.generationId}/0.mp4` };
};
const result = ({ storageKey, attemptId }: { storageKey: string; attemptId: string }) => [
  { assetId: `asset-${attemptId}`, ordinal: 0, storageKey, contentType: 'video/mp4', sizeBytes: 9, sha256: 'x' },
];
const succeeded = async () => {
  const one = await fetching();
  expect(await noteResultFile(database, one)).toBe(true);
  expect(await finishGeneration(database, one, result(one))).toBeDefined();
  return one;
};
const rowOf = ({ generationId: id }: { generationId: string }) => database.generation.findUnique({ where: { id } });
const closeLitter = async ({ attemptId }: Assigned) => finishLitter(database, `post-${attemptId}`);
const removeRows = () => removeDeleted(database, { graceMs: 0, limit: 10 });
/** Everything that is stored about anybody, as text. */
const everything = async (): Promise<string> => {
  const rows = await database.$queryRaw<{ row: string }[]>`
    SELECT generation::text AS row FROM generation UNION ALL SELECT event::text FROM generation_event AS event
    UNION ALL SELECT attempt::text FROM submit_attempt AS attempt UNION ALL SELECT asset::text FROM asset
    UNION ALL SELECT call::text FROM upstream_call AS call UNION ALL SELECT idempotency::text FROM idempotency
    UNION ALL SELECT usage::text FROM usage UNION ALL SELECT booking::text FROM statistics_booking AS booking
    UNION ALL SELECT error::text FROM statistics_error AS error`;
  return rows.map(({ row }) => row).join('\n');
};

describe('deleting', () => {
  it('leaves nothing of what was said or made in any table, but what was used stays booked', async () => {
    const one = await succeeded();
    const reference = { id: 'reference', ownerId, storageKey: 'references/r', contentType: 'image/png', sizeBytes: 1 };
    await insertReference(database, { ...reference, sha256: 'y' });
    await database.asset.update({ where: { id: 'reference' }, data: { generationId: one.generationId } });
    const call = { tokenId, generationId: one.generationId, operation: 'submit', method: 'POST', url: 'http://x' };
    await insertCalls(database, [{ ...call, durationMs: 1, request: secret, createdAt: new Date() }]);
    expect(await everything()).toContain(secret);

    const deletion = await remove(one);
    expect(deletion).toMatchObject({
      event: undefined,
      files: expect.arrayContaining(['references/r', one.storageKey]),
    });
    await insertCalls(database, [{ ...call, durationMs: 1, response: secret, createdAt: new Date() }]);
    expect(await everything()).not.toContain(secret);
    expect(await everything()).not.toMatch(/gen_private|anime|asset-|http:/);
    const row = await rowOf(one);
    expect(row).toMatchObject({ state: 'succeeded', deletedAt: expect.any(Date), result: { media: [] } });
    expect(row).toMatchObject({ requestHash: '', carried: null, extras: null, prepared: null });
    const usage = await database.usage.findUniqueOrThrow({ where: { generationId: one.generationId } });
    expect(usage.state).toBe('booked');
  });

  it('is not escaped by the record of a call that is written beside it, nor by one that comes when the row is gone', async () => {
    const one = await assigned();
    const { generationId } = one;
    const call = { tokenId, generationId, operation: 'submit', method: 'POST', url: 'http://x', request: secret };
    const record = () => insertCalls(database, [{ ...call, durationMs: 1, createdAt: new Date() }]);
    const isHeldUp = async () => {
      const [{ waiting }] = await database.$queryRaw<[{ waiting: bigint }]>`
        SELECT count(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return waiting > 0n;
    };
    let beside: Promise<void> | undefined;
    await database.$transaction(async (tx) => {
      await lockGeneration(tx, generationId);
      await tx.$executeRaw`DELETE FROM upstream_call WHERE generation_id = ${generationId}`;
      beside = record();
      await Promise.race([beside, waitFor(isHeldUp, { timeoutMs: 1_500, intervalMs: 5 }).catch(() => undefined)]);
      await tx.$executeRaw`UPDATE generation SET deleted_at = now() WHERE id = ${generationId}`;
    });
    await beside;
    expect(await database.upstreamCall.count()).toBe(0);
    await database.$executeRaw`TRUNCATE generation CASCADE`;
    await record();
    expect(await database.upstreamCall.count()).toBe(0);
  });

  it('takes what an upstream said against it out of the errors, summed up or not', async () => {
    await database.$executeRaw`TRUNCATE statistics_booking, statistics_error, statistics_day`;
    const message = `${secret} is not possible`;
    const failed = async () => {
      const one = await assigned();
      await failGeneration(database, one.generationId, { code: 'upstream_failed', message });
      return one;
    };
    const before = await failed();
    await sumUpBookings(database, 'UTC');
    const after = await failed();
    for (const one of [before, after]) await remove(one);
    expect(await everything()).not.toContain(secret);
    await sumUpBookings(database, 'UTC');
    expect(await everything()).not.toContain(secret);
    expect(await database.statisticsError.findMany({ where: { subject: 'pool' } })).toMatchObject([{ count: 2n }]);
  });

  it('makes it exist for nobody, the owner included, by whatever id it is asked for', async () => {
    const one = await succeeded();
    const own = { id: one.generationId, ownerId };
    expect(await findOwnDraft(database, { generationId: one.generationId, ownerId })).toMatchObject({ draft: {} });
    expect(await deleteGeneration(database, { ...own, ownerId: 'somebody' })).toBeUndefined();
    expect(await remove(one)).toBeDefined();
    expect(await remove(one)).toBeUndefined();
    expect(await cancelGeneration(database, own)).toBeUndefined();
    expect(await findGeneration(database, own)).toBeUndefined();
    expect(await findOwnDraft(database, { generationId: one.generationId, ownerId })).toBeUndefined();
    expect(await findDraftMaker(database, 'gen_made')).toMatchObject({ isDeleted: true });
    // Who watches it is told that it is gone.
    expect(await readSeqs(database, [one.generationId])).toEqual(new Map());
  });

  it('cancels what runs, tells that, and keeps its slot until the upstream is done', async () => {
    const one = await acked();
    expect(await remove(one)).toMatchObject({
      event: { event: { type: 'generation.cancelled' } },
      upstream: [{ tokenId, provider: 'sora' }],
    });
    expect((await readSeqs(database, [one.generationId])).size).toBe(1);
    expect(await database.tokenSlot.count()).toBe(1);
    expect(await over(one)).toMatchObject({ closed: [one.attemptId], fetching: [] });
    expect(await database.tokenSlot.count()).toBe(0);
    await closeLitter(one);
    expect(await removeRows()).toBe(1);
    expect(await rowOf(one)).toBeNull();
  });

  it('keeps what is needed to find out what became of a submit, and no more', async () => {
    const carried = { displayName: secret };
    const looked = await assigned();
    await database.generation.update({ where: { id: looked.generationId }, data: { carried } });
    await beginSend(database, looked);
    await markUnknown(database, looked.attemptId, 'reset');
    await remove(looked);
    const subject = await findUnknownSubject(database, looked.attemptId);
    expect(subject).toMatchObject({
      prepared: { caption: secret },
      request: { workflow: 'remix', prompt: '', references: [], parent: { type: 'draft', id: '' } },
      carried: { displayName: secret },
    });
    expect(subject?.request.asked).toBeUndefined();
    expect(await findRunSubject(database, looked.generationId)).toMatchObject({ state: 'cancelled' });

    const eliminated = await assigned();
    await beginSend(database, { ...eliminated, knownBefore: { pending: [], finished: [] } });
    await markUnknown(database, eliminated.attemptId, 'reset');
    await remove(eliminated);
    expect(await findUnknownSubject(database, eliminated.attemptId)).toMatchObject({ prepared: null, carried: null });

    await closeAbsent(database, { ...looked, reason: 'not there' });
    expect(await removeDeleted(database, { graceMs: 60_000, limit: 10 })).toBe(0);
    expect(await rowOf(looked)).toMatchObject({ prepared: null, carried: null });
  });
});

describe('the bare row', () => {
  it('stays while an attempt is open, a slot is held, litter lies upstream or the time of grace lasts, and then goes whole', async () => {
    const one = await acked();
    await remove(one);
    expect(await removeRows()).toBe(0);
    await over(one);
    expect(await removeRows()).toBe(0);
    // What the upstream said at its end does not outlast it.
    expect(await everything()).not.toContain(secret);
    await closeLitter(one);
    expect(await removeDeleted(database, { graceMs: 60_000, limit: 10 })).toBe(0);
    expect(await removeRows()).toBe(1);
    expect(await rowOf(one)).toBeNull();
    expect(await database.submitAttempt.count()).toBe(0);
    expect(await database.generationEvent.count()).toBe(0);
    expect(await database.usage.count({ where: { generationId: one.generationId, state: 'booked' } })).toBe(1);
    expect(await database.upstreamLitter.findMany()).toMatchObject([{ kind: 'post', attemptId: null }]);
  });

  it('outlives a request that may still be on its way a second time', async () => {
    const one = await acked();
    await over(one);
    await closeLitter(one);
    const key = { ownerId, key: 'k', requestHash: 'h', generationId: one.generationId };
    await database.idempotency.create({ data: { ...key, expiresAt: new Date(Date.now() + 60_000) } });
    await remove(one);
    expect(await removeRows()).toBe(0);
    await database.idempotency.update({
      where: { ownerId_key: { ownerId, key: key.key } },
      data: { expiresAt: new Date(0) },
    });
    expect(await removeRows()).toBe(1);
    expect(await database.idempotency.count()).toBe(0);
  });

  it('outlives every submit that could be taken for its task', async () => {
    const one = await acked();
    const doubted = await assigned();
    await beginSend(database, { ...doubted, knownBefore: { pending: [], finished: [] } });
    await markUnknown(database, doubted.attemptId, 'reset');
    await over(one);
    await closeLitter(one);
    await remove(one);
    expect(await removeRows()).toBe(0);
    await closeAbsent(database, { ...doubted, reason: 'not there' });
    const next = await assignTo(database, doubted);
    await beginSend(database, { ...next, knownBefore: { pending: [], finished: [] } });
    expect(await removeRows()).toBe(1);
  });

  it('goes although another one cannot', async () => {
    const [stuck, other] = [await assigned(), await assigned()];
    await remove(stuck);
    await remove(other);
    const stray = { id: 'stray', ownerId, generationId: stuck.generationId, role: 'reference', storageKey: 'k' };
    await database.asset.create({ data: { ...stray, contentType: 'image/png', sizeBytes: 1n, sha256: 'x' } });
    await expect(removeRows()).rejects.toThrow();
    expect([await rowOf(stuck), await rowOf(other)]).toEqual([expect.anything(), null]);
  });

  it('leaves word of a task that was given up, should it turn up on a list after all', async () => {
    const one = await acked();
    await remove(one);
    await closeLitter(one);
    await database.submitAttempt.update({
      where: { id: one.attemptId },
      data: { state: 'lost', closedAt: new Date() },
    });
    await database.tokenSlot.deleteMany();
    expect(await removeRows()).toBe(1);
    expect(await database.upstreamLitter.findMany({ where: { kind: 'late_answer' } })).toMatchObject([
      { tokenId, reference: { operationId: one.operation.id }, nextTryAt: null },
    ]);
  });

  it('is missed by nobody whose answer comes later still', async () => {
    const one = await assigned();
    await beginSend(database, { ...one, knownBefore: { pending: [], finished: [] } });
    await markUnknown(database, one.attemptId, 'reset');
    await remove(one);
    await database.submitAttempt.update({
      where: { id: one.attemptId },
      data: { state: 'absent', closedAt: new Date() },
    });
    await database.tokenSlot.deleteMany();
    expect(await removeRows()).toBe(1);
    const litter = [{ id: 'late-post', kind: 'post', reference: { postId: 's_2' } }];
    const late = { ...one, operation: { id: 'late' }, from: ['sent', 'unknown'] as const, litter, litterId: 'late' };
    expect(await acknowledgeSubmit(database, late)).toMatchObject({ outcome: 'late' });
    expect(await database.upstreamLitter.count({ where: { id: { in: ['late', 'late-post'] }, attemptId: null } })).toBe(
      2,
    );
  });
});

describe('files', () => {
  it('of references are noted until their row is there, and once more when an unused one goes', async () => {
    const storageKey = 'references/noted';
    const facts = { contentType: 'image/png', sizeBytes: 1, sha256: 'y', width: 3 };
    await noteReferenceFile(database, storageKey);
    expect(await takeLooseFiles(database, 10)).toEqual([]);
    await database.looseFile.updateMany({ data: { removeAt: new Date(0) } });
    // Its gateway died.
    expect(await takeLooseFiles(database, 10)).toEqual([storageKey]);
    await insertReference(database, { id: 'noted', ownerId, storageKey, ...facts });
    expect(await database.asset.findUnique({ where: { id: 'noted' } })).toMatchObject({ sizeBytes: 1n, width: 3 });
    expect(await database.looseFile.count()).toBe(0);
    expect(await removeUnusedReferences(database, { olderThanMs: -1_000, limit: 10 })).toEqual([storageKey]);
    expect(await takeLooseFiles(database, 10)).toEqual([storageKey]);
    await noteRemovedFiles(database, [storageKey]);
    expect(await database.looseFile.count()).toBe(0);
  });

  it('of a result are noted before they are written, and settled with the asset', async () => {
    const one = await fetching();
    expect(await noteResultFile(database, one)).toBe(true);
    expect(await database.looseFile.findMany()).toMatchObject([{ storageKey: one.storageKey }]);
    await finishGeneration(database, one, result(one));
    expect(await database.looseFile.count()).toBe(0);
    expect(await noteResultFile(database, one)).toBe(false);
  });

  it('that a late worker brings for a deleted generation become no result, and are found', async () => {
    const one = await fetching();
    await noteResultFile(database, one);
    await remove(one);
    expect(await noteResultFile(database, one)).toBe(false);
    expect(await finishGeneration(database, one, result(one))).toBeUndefined();
    expect(await database.asset.count()).toBe(0);
    expect(await takeLooseFiles(database, 10)).toEqual([one.storageKey]);
  });

  it('of a deleted generation are due at once, taken by one, and removed once more when nobody can be writing them', async () => {
    const one = await succeeded();
    await remove(one);
    const taken = await Promise.all([takeLooseFiles(database, 10), takeLooseFiles(database, 10)]);
    expect(taken.flat()).toEqual([one.storageKey]);
    await noteRemovedFiles(database, [one.storageKey]);
    const [kept] = await database.looseFile.findMany();
    expect(kept?.removeAt).toEqual(kept?.keepUntil);
    await database.looseFile.updateMany({ data: { removeAt: new Date(0), keepUntil: new Date(0) } });
    expect(await takeLooseFiles(database, 10)).toEqual([one.storageKey]);
    await noteRemovedFiles(database, [one.storageKey]);
    expect(await database.looseFile.count()).toBe(0);
  });

  it('are never taken from under a result, nor while it is being fetched', async () => {
    const one = await fetching();
    await noteResultFile(database, one);
    await database.looseFile.updateMany({ data: { removeAt: new Date(0) } });
    expect(await takeLooseFiles(database, 10)).toEqual([]);
    await finishGeneration(database, one, result(one));
    const stray = { storageKey: one.storageKey, generationId: one.generationId, removeAt: new Date(0) };
    await database.looseFile.create({ data: { ...stray, keepUntil: new Date(0) } });
    expect(await takeLooseFiles(database, 10)).toEqual([]);
  });
});
