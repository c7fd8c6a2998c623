import { randomUUID } from 'node:crypto';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { insertFileReference } from '../assets/insert-file-reference.js';
import { insertUploadReference } from '../assets/insert-reference.js';
import { giveUpUploads, noteReferenceFile, takeLooseFiles } from '../assets/loose-files.js';
import { removeUnusedReferences } from '../assets/sweep-references.js';
import { createDatabase, type Database } from '../client.js';
import { acceptGeneration } from '../generations/accept-generation.js';
import { deleteGeneration } from '../generations/delete-generation.js';
import { ensureOwner } from '../owners/ensure-owner.js';
import { createFile, type NewFile } from './create-file.js';
import { deleteFile } from './delete-file.js';
import { findFile, listFiles } from './find-file.js';
import { removeExpiredFiles, removeUnusedObjects } from './sweep-files.js';

let file: TestDatabase;
let database: Database;
let made = 0;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
  for (const id of ['ada', 'bob']) await ensureOwner(database, { id, name: id });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE generation, asset, file, file_object, loose_file, lane_state CASCADE`;
});

/** Names of files made later are greater, as those of ULIDs are. */
function nextId(): string {
  made += 1;
  return `f${String(made).padStart(4, '0')}`;
}

async function upload(sha256: string, sizeBytes = 10): Promise<NewFile['upload']> {
  const storageKey = `uploads/${randomUUID()}`;
  await noteReferenceFile(database, storageKey);
  return { storageKey, contentType: 'image/png', sizeBytes, sha256, width: 2, height: 3 };
}

async function create(sha256: string, changes: Partial<NewFile> = {}) {
  return createFile(database, {
    ...{ id: nextId(), ownerId: 'ada', name: 'boat.png', purpose: 'vision', upload: await upload(sha256) },
    limits: { mostBytes: 100, mostFiles: 5 },
    ...changes,
  });
}
async function created(sha256: string, changes: Partial<NewFile> = {}) {
  const creation = await create(sha256, changes);
  if (creation.outcome !== 'created') throw new Error(`expected a file, not ${creation.outcome}`);
  return creation.file;
}

async function useIn(fileId: string): Promise<string> {
  const assetId = randomUUID();
  expect(await insertFileReference(database, { id: assetId, fileId, ownerId: 'ada' })).toBe(true);
  const picture = { assetId, kind: 'image', contentType: 'image/png', sizeBytes: 10 } as const;
  const request: GenerationRequest = {
    ...{ kind: 'video', workflow: 'video', model: 'sora2-landscape-10s', prompt: 'a boat', orientation: 'landscape' },
    ...{ seconds: 10, frames: 300, upstream: { model: 'sy_8', size: 'small' }, references: [picture] },
  };
  const id = `generation-${randomUUID()}`;
  const lane = 'sora:video:any:sora2';
  const accepted = await acceptGeneration(database, {
    ...{ id, ownerId: 'ada', apiKeyId: null, dialect: 'videos', provider: 'sora', lane, request },
    ...{ requestHash: 'h', deadlineMs: 60_000, waiter: 1n },
  });
  expect(accepted).toMatchObject({ outcome: 'accepted' });
  return id;
}

/** Everything that is removed now: objects that are not used, and then their bytes. */
async function sweep(): Promise<string[]> {
  await removeUnusedObjects(database, 100);
  return takeLooseFiles(database, 100);
}

describe('what is stored', () => {
  it('is there once per owner and content, and goes with the last file that has it', async () => {
    const [first, second] = [await created('same'), await created('same')];
    const other = await created('same', { ownerId: 'bob' });
    expect(second.storageKey).toBe(first.storageKey);
    expect(other.storageKey).not.toBe(first.storageKey);
    expect(await deleteFile(database, first)).toBe(true);
    expect(await sweep()).toEqual([]);
    expect(await findFile(database, second)).toMatchObject({ sizeBytes: 10, sha256: 'same', contentType: 'image/png' });
    expect(await deleteFile(database, second)).toBe(true);
    expect(await sweep()).toEqual([first.storageKey]);
    expect(await findFile(database, other)).toMatchObject({ ownerId: 'bob' });
  });

  it('of a file stays while a generation uses it, and goes when both are gone', async () => {
    const stored = await created('used');
    const generationId = await useIn(stored.id);
    await deleteFile(database, stored);
    expect(await sweep()).toEqual([]);
    expect(await database.asset.findFirst({ where: { generationId } })).toMatchObject({
      ...{ storageKey: stored.storageKey, role: 'reference', width: 2, height: 3, sizeBytes: 10n },
    });
    await deleteGeneration(database, { id: generationId, ownerId: 'ada' });
    // Looked at again only after a while, which has passed.
    await database.fileObject.updateMany({ data: { checkAt: new Date(0) } });
    expect(await sweep()).toEqual([stored.storageKey]);
    expect(await database.fileObject.count()).toBe(0);
  });

  it.each([
    [60, 0],
    [5 * 60, 10 * 60],
    [24 * 60, 365 * 24 * 60],
  ])(
    'of a file that a generation alone uses is looked at again after %i minutes when it is %i minutes old',
    async (againMinutes, ageMinutes) => {
      const stored = await created('aged');
      await useIn(stored.id);
      await deleteFile(database, stored);
      await database.$executeRaw`UPDATE file_object SET created_at = now() - ${ageMinutes} * interval '1 minute'`;
      expect(await sweep()).toEqual([]);
      const [{ minutes }] = await database.$queryRaw<[{ minutes: number }]>`
      SELECT extract(epoch FROM check_at - now())::float8 / 60 AS minutes FROM file_object`;
      // However long this test takes: less than the next longer pause.
      expect(minutes).toBeLessThanOrEqual(againMinutes + 10);
      expect(minutes).toBeGreaterThan(againMinutes - 10);
    },
  );

  it('stays with its file when the generation that used it is deleted, or never came to be', async () => {
    const stored = await created('kept');
    await deleteGeneration(database, { id: await useIn(stored.id), ownerId: 'ada' });
    await insertFileReference(database, { id: 'unused', fileId: stored.id, ownerId: 'ada' });
    expect(await removeUnusedReferences(database, { olderThanMs: -1_000, limit: 10 })).toEqual([]);
    await database.fileObject.updateMany({ data: { checkAt: new Date(0) } });
    expect(await sweep()).toEqual([]);
    expect(await findFile(database, stored)).toBeDefined();
  });

  it('is never missing under a reference, however using and deleting meet', async () => {
    for (let round = 0; round < 10; round += 1) {
      const stored = await created(`round-${round}`);
      const [isUsed] = await Promise.all([
        insertFileReference(database, { id: `asset-${round}`, fileId: stored.id, ownerId: 'ada' }),
        deleteFile(database, stored).then(() => removeUnusedObjects(database, 10)),
      ]);
      const isThere = (await database.fileObject.count({ where: { storageKey: stored.storageKey } })) === 1;
      expect(isThere || !isUsed).toBe(true);
    }
  });

  it('and was given up becomes neither a file nor a reference', async () => {
    const late = await upload('late');
    await giveUpUploads(database, [late.storageKey]);
    expect(await create('late', { upload: late })).toEqual({ outcome: 'abandoned' });
    const reference = { id: 'late', ownerId: 'ada', ...late };
    expect(await insertUploadReference(database, reference)).toBe(false);
    expect(await takeLooseFiles(database, 10)).toEqual([late.storageKey]);
    const inTime = await upload('in time');
    expect(await insertUploadReference(database, { ...reference, ...inTime })).toBe(true);
    await giveUpUploads(database, [inTime.storageKey]);
    expect(await takeLooseFiles(database, 10)).toEqual([]);
  });
});

describe('the quota of an owner', () => {
  it('counts what files share once, and not what is deleted', async () => {
    const limits = { mostBytes: 25, mostFiles: 9 };
    const first = await created('a', { limits });
    await created('a', { limits });
    await created('b', { limits });
    expect(await create('c', { limits })).toEqual({ outcome: 'bytes_exceeded', usedBytes: 20 });
    await created('b', { limits });
    await created('c', { limits, ownerId: 'bob' });
    await useIn(first.id);
    for (const { id } of await listFiles(database, { ownerId: 'ada', limit: 9, order: 'asc' })) {
      await deleteFile(database, { id, ownerId: 'ada' });
    }
    await created('c', { limits });
  });

  it('is held by uploads that come together', async () => {
    const limits = { mostBytes: 30, mostFiles: 9 };
    const creations = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((sha256) => create(sha256, { limits })));
    expect(creations.filter(({ outcome }) => outcome === 'created')).toHaveLength(3);
  });

  it('has a number of files too', async () => {
    for (let n = 0; n < 5; n += 1) await created('a');
    expect(await create('a')).toEqual({ outcome: 'files_exceeded' });
  });
});

describe('a file', () => {
  it('is its owner’s alone', async () => {
    const { id } = await created('a');
    expect(await findFile(database, { id, ownerId: 'bob' })).toBeUndefined();
    expect(await deleteFile(database, { id, ownerId: 'bob' })).toBe(false);
    expect(await insertFileReference(database, { id: 'x', fileId: id, ownerId: 'bob' })).toBe(false);
    expect(await listFiles(database, { ownerId: 'bob', limit: 9, order: 'asc' })).toEqual([]);
  });

  it('that has expired is gone for everybody at once, and is swept', async () => {
    const { id, storageKey, expiresAt } = await created('a', { expiresAfterSeconds: 3_600 });
    expect(expiresAt?.getTime()).toBeGreaterThan(Date.now());
    await database.file.update({ where: { id }, data: { expiresAt: new Date(0) } });
    expect(await findFile(database, { id, ownerId: 'ada' })).toBeUndefined();
    expect(await deleteFile(database, { id, ownerId: 'ada' })).toBe(false);
    expect(await insertFileReference(database, { id: 'x', fileId: id, ownerId: 'ada' })).toBe(false);
    expect(await removeExpiredFiles(database, 10)).toBe(1);
    expect(await removeExpiredFiles(database, 10)).toBe(0);
    expect(await sweep()).toEqual([storageKey]);
  });

  it('is listed once, page by page in either order, also after the last one seen was deleted', async () => {
    const limits = { mostBytes: 1_000, mostFiles: 99 };
    const made: string[] = [];
    for (const n of [1, 2, 3, 4, 5]) made.push((await created(`${n}`, { limits })).id);
    await created('9', { limits, purpose: 'user_data' });
    const page = async (after: string | undefined, order: 'asc' | 'desc') =>
      (
        await listFiles(database, {
          ...{ ownerId: 'ada', purpose: 'vision', limit: 2, order },
          ...(after === undefined ? {} : { after }),
        })
      ).map(({ id }) => id);
    expect(await page(undefined, 'asc')).toEqual(made.slice(0, 2));
    expect(await page(undefined, 'desc')).toEqual([made[4], made[3]]);
    await deleteFile(database, { id: made[1] ?? '', ownerId: 'ada' });
    expect(await page(made[1], 'asc')).toEqual(made.slice(2, 4));
    expect(await page(made[3], 'asc')).toEqual([made[4]]);
  });
});
