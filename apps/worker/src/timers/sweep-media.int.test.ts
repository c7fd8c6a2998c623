import { insertReference } from '@reelay/db/assets/insert-reference';
import { noteReferenceFile } from '@reelay/db/assets/loose-files';
import { removeMedia } from '@reelay/db/assets/remove-media';
import { insertGeneration } from '@reelay/db/factories/insert-generation';
import { deleteGeneration } from '@reelay/db/generations/delete-generation';
import { endGeneration } from '@reelay/db/generations/end-generation';
import { inTransaction } from '@reelay/db/transaction';
import { openTestFile, type TestFile } from '../testing/test-worker.js';
import { sweepLooseFiles } from './sweep-loose-files.js';
import { sweepMedia } from './sweep-media.js';

let file: TestFile;
let made = 0;

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());
beforeEach(async () => {
  await file.database.$executeRaw`TRUNCATE generation, asset, file, file_object, loose_file CASCADE`;
});

const hourMs = 3_600_000;
const sweep = async (settings: Parameters<TestFile['startWorker']>[0]) => {
  const { parts, context } = await file.startWorker(settings);
  await sweepMedia(parts, context.log, context.signal);
};

async function* tenBytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('0123456789');
}

interface Made {
  id: string;
  /** Of what was made, then of what it was made from. */
  keys: [string, string];
}

/** Ended so long ago, with a result and a reference of ten bytes each. */
async function ended(hours: number, ownerId = 'owner-of-tests'): Promise<Made> {
  const { database, storage } = file;
  const id = await insertGeneration(database);
  await database.owner.upsert({ where: { id: ownerId }, create: { id: ownerId, name: ownerId }, update: {} });
  made += 1;
  const keys: Made['keys'] = [`results/${made}.mp4`, `references/${made}.png`];
  const of = { ownerId, generationId: id, sizeBytes: 10n, sha256: 'ab' };
  for (const [index, storageKey] of keys.entries()) {
    await storage.put(storageKey, tenBytes());
    const isResult = index === 0;
    const form = { role: isResult ? 'result' : 'reference', contentType: isResult ? 'video/mp4' : 'image/png' };
    await database.asset.create({ data: { id: storageKey, storageKey, ...of, ...form } });
  }
  await database.generation.update({ where: { id }, data: { ownerId, state: 'running', stage: 'fetching' } });
  await inTransaction(database, (tx) => endGeneration(tx, id, { state: 'succeeded', result: { media: [] } }));
  const completedAt = new Date(Date.now() - hours * hourMs);
  await database.generation.update({ where: { id }, data: { completedAt } });
  return { id, keys };
}

const isKept = async ({ id, keys }: Made): Promise<boolean> => {
  const files = await Promise.all(keys.map((key) => file.storage.stat(key)));
  const { mediaRemovedAt } = await file.database.generation.findUniqueOrThrow({ where: { id } });
  const isThere = files.map((found) => found !== undefined);
  expect(isThere).toEqual(Array(2).fill(mediaRemovedAt === null));
  return mediaRemovedAt === null;
};
const keptOf = (all: readonly Made[]) => Promise.all(all.map(isKept));

describe('media', () => {
  it('are kept for ever unless something else is said', async () => {
    const old = await ended(100_000);
    await sweep({});
    expect(await isKept(old)).toBe(true);
  });

  it('are removed when their time is over, however many they are, and their generations stay', async () => {
    const old = await ended(25);
    const young = await ended(23);
    await file.database.$executeRaw`
      INSERT INTO generation SELECT (jsonb_populate_record(generation, jsonb_build_object('id', 'copy-' || n))).*
      FROM generation, generate_series(1, 119) AS n WHERE id = ${old.id}`;
    await sweep({ 'media.keepHours': 24 });
    expect(await keptOf([old, young])).toEqual([false, true]);
    const [asset] = await file.database.asset.findMany({ where: { generationId: old.id } });
    expect(asset).toMatchObject({ role: 'result', removedAt: expect.any(Date) });
    expect(await file.database.generation.count({ where: { mediaRemovedAt: { not: null } } })).toBe(120);
    expect(await file.database.generation.count({ where: { state: 'succeeded' } })).toBe(121);
    expect(await file.database.looseFile.count()).toBe(0);
  });

  it('of a worker that died between the rows and the files are removed by the next one', async () => {
    const old = await ended(25);
    await removeMedia(file.database, { olderThanMs: hourMs, limit: 10 });
    expect(await file.storage.stat(old.keys[0])).toBeDefined();
    const { parts, context } = await file.startWorker();
    await sweepLooseFiles(parts, context.log, context.signal);
    expect(await isKept(old)).toBe(false);
    expect(await file.database.looseFile.count()).toBe(0);
  });

  it('make room, the oldest first and no more than is needed, but not those that may just be fetched', async () => {
    const all = [await ended(5), await ended(2), await ended(4), await ended(3), await ended(0)];
    await sweep({ 'media.mostBytes': 65 });
    expect(await keptOf(all)).toEqual([false, true, false, true, true]);
    await sweep({ 'media.mostBytes': 1 });
    expect(await keptOf(all)).toEqual([false, false, false, false, true]);
  });

  it('of one owner make room for that owner alone', async () => {
    const ada = [await ended(9, 'ada'), await ended(8, 'ada'), await ended(7, 'ada')];
    const bob = await ended(10, 'bob');
    await sweep({ 'media.mostBytesPerOwner': 40 });
    expect(await keptOf([...ada, bob])).toEqual([false, true, true, true]);
  });

  it('make no more room than is needed when two workers look at once', async () => {
    const all: Made[] = [];
    for (let hours = 21; hours > 9; hours -= 1) all.push(await ended(hours));
    const workers = [
      await file.startWorker({ 'media.mostBytes': 100 }),
      await file.startWorker({ 'media.mostBytes': 100 }),
    ];
    await Promise.all(workers.map(({ parts, context }) => sweepMedia(parts, context.log, context.signal)));
    expect(await keptOf(all)).toEqual([...Array(7).fill(false), ...Array(5).fill(true)]);
  });

  it('make no more room than is needed after others made some in the middle of a sweep', async () => {
    const { id } = await ended(100);
    const { database, storage } = file;
    await database.$executeRaw`
      INSERT INTO generation SELECT (jsonb_populate_record(generation, jsonb_build_object('id', 'copy-' || n,
        'completed_at', completed_at + n * interval '1 minute'))).*
      FROM generation, generate_series(1, 119) AS n WHERE id = ${id}`;
    await database.$executeRaw`
      INSERT INTO asset SELECT (jsonb_populate_record(asset, jsonb_build_object('id', 'copy-' || n,
        'generation_id', 'copy-' || n, 'storage_key', 'results/copy-' || n))).*
      FROM asset, generate_series(1, 119) AS n WHERE generation_id = ${id} AND role = 'result'`;
    let isFirst = true;
    const slow: Pick<typeof storage, 'delete'> = {
      async delete(key) {
        if (isFirst) {
          isFirst = false;
          for (let n = 100; n < 120; n += 1)
            await deleteGeneration(database, { id: `copy-${n}`, ownerId: 'owner-of-tests' });
        }
        await storage.delete(key);
      },
    };
    const { parts, context } = await file.startWorker({ 'media.mostBytes': 600 });
    await sweepMedia({ ...parts, storage: { ...storage, ...slow } }, context.log, context.signal);
    // Of 60 that were too many at first, in portions of 50; then 20 were deleted by their owner.
    expect(await database.generation.count({ where: { mediaRemovedAt: { not: null } } })).toBe(50);
  });

  it('of one owner that cannot be removed keep nobody else’s, and the reason is told', async () => {
    const { database } = file;
    const all = [await ended(90, 'ada'), await ended(30, 'bob'), await ended(29, 'bob')];
    await database.$executeRaw`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$`;
    await database.$executeRaw`
      CREATE TRIGGER refuse BEFORE UPDATE ON generation FOR EACH ROW WHEN (OLD.owner_id = 'ada') EXECUTE FUNCTION refuse()`;
    const settings = { 'media.keepHours': 24, 'media.mostBytesPerOwner': 10 } as const;
    await expect(sweep(settings)).rejects.toThrow('not this one');
    await database.$executeRaw`DROP TRIGGER refuse ON generation`;
    await database.$executeRaw`DROP FUNCTION refuse()`;
    expect(await keptOf(all)).toEqual([true, false, false]);
  });

  it('that a client’s file holds too stay with that file', async () => {
    const old = await ended(25);
    const [, storageKey] = old.keys;
    const content = { sha256: 'ab', contentType: 'image/png', sizeBytes: 10n };
    await file.database.fileObject.create({ data: { storageKey, ownerId: 'owner-of-tests', ...content } });
    await sweep({ 'media.keepHours': 1 });
    expect(await file.storage.stat(storageKey)).toBeDefined();
    expect(await file.storage.stat(old.keys[0])).toBeUndefined();
  });

  it('of one that runs or is deleted are left to their own ways', async () => {
    const deleted = await ended(25);
    await deleteGeneration(file.database, { id: deleted.id, ownerId: 'owner-of-tests' });
    const runningId = await insertGeneration(file.database);
    await noteReferenceFile(file.database, 'references/running.png');
    const storageKey = 'references/running.png';
    const reference = { ownerId: 'owner-of-tests', contentType: 'image/png', sizeBytes: 10, sha256: 'ab' };
    await insertReference(file.database, { id: 'running', storageKey, ...reference });
    await file.database.asset.update({
      where: { id: 'running' },
      data: { generationId: runningId, createdAt: new Date(0) },
    });
    const removed = await removeMedia(file.database, { olderThanMs: hourMs, limit: 10 });
    expect(removed).toEqual({ generations: 0, bytes: 0, storageKeys: [] });
  });
});
