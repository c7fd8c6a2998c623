import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { Client } from 'pg';
import { createDatabase, type Database } from '../client.js';
import { insertGeneration } from '../factories/insert-generation.js';
import { countStoredBytes, findLargeOwners, removeMedia } from './remove-media.js';
import { insertVariant, noteVariantFile } from './variants.js';

jest.setTimeout(120_000);

let file: TestDatabase;
let database: Database;
const ownerId = 'owner-of-tests';
const old = { olderThanMs: 0, limit: 100 };

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
  await database.owner.upsert({ where: { id: ownerId }, create: { id: ownerId, name: ownerId }, update: {} });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE generation, asset, file, file_object, loose_file CASCADE`;
});

interface Stored {
  role?: string;
  storageKey?: string;
  sizeBytes: number;
}

/** In the order of their making, oldest first. */
async function ended(...stored: Stored[]): Promise<string> {
  const id = await insertGeneration(database);
  for (const { role = 'result', storageKey = `results/${id}`, sizeBytes } of stored) {
    const of = { id: randomUUID(), ownerId, generationId: id, contentType: 'image/png', sha256: 'ab' };
    await database.asset.create({ data: { ...of, role, storageKey, sizeBytes: BigInt(sizeBytes) } });
  }
  await database.$executeRaw`
    UPDATE generation SET state = 'succeeded', stage = 'ended', completed_at = clock_timestamp(), result = '{"media":[]}'
    WHERE id = ${id}`;
  return id;
}

async function insertFile(sizeBytes: number): Promise<Required<Stored>> {
  const storageKey = `uploads/${randomUUID()}`;
  const content = { sha256: storageKey, contentType: 'image/png', sizeBytes: BigInt(sizeBytes) };
  await database.fileObject.create({ data: { storageKey, ownerId, ...content } });
  return { role: 'reference', storageKey, sizeBytes };
}

const removedOf = async (ids: readonly string[]) => {
  const rows = await database.generation.findMany({ where: { id: { in: [...ids] }, mediaRemovedAt: { not: null } } });
  return ids.map((id) => rows.some((row) => row.id === id));
};

describe('a file of a client', () => {
  it('is not counted with the media, however many generations use it', async () => {
    const given = await insertFile(1_000);
    for (let uses = 0; uses < 3; uses += 1) await ended({ sizeBytes: 10 }, given);
    await ended({ sizeBytes: 5 }, { role: 'reference', storageKey: 'references/x', sizeBytes: 7 });
    expect(await countStoredBytes(database)).toBe(42);
    expect([await findLargeOwners(database, 42), await findLargeOwners(database, 41)]).toEqual([[], [ownerId]]);
  });

  it('does not count as freed, since it stays', async () => {
    const given = await insertFile(1_000);
    const ids = [
      await ended({ sizeBytes: 10 }, given),
      await ended({ sizeBytes: 10 }, given),
      await ended({ sizeBytes: 10 }),
    ];
    expect(await removeMedia(database, { ...old, mostBytes: 15 })).toMatchObject({ generations: 2, bytes: 20 });
    expect(await removedOf(ids)).toEqual([true, true, false]);
    expect(await removeMedia(database, { ...old, ownerId, mostBytes: 15 })).toMatchObject({ generations: 0, bytes: 0 });
    expect(await database.looseFile.count({ where: { storageKey: given.storageKey } })).toBe(0);
  });
});

it('only what must go goes when many remove at once, and somebody always does', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 10; count += 1) ids.push(await ended({ sizeBytes: 10 }));
  const round = () => Promise.all([1, 2, 3, 4].map(() => removeMedia(database, { ...old, limit: 2, mostBytes: 50 })));
  for (let rounds = 0; rounds < 10; rounds += 1) {
    const removed = await round();
    if (removed.every(({ generations }) => generations === 0)) break;
  }
  expect(await removedOf(ids)).toEqual([...Array(5).fill(true), ...Array(5).fill(false)]);
});

it('nothing goes while somebody else removes, whose part is not to be seen yet', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 4; count += 1) ids.push(await ended({ sizeBytes: 10 }));
  const other = new Client({ connectionString: file.url });
  await other.connect();
  await other.query("SELECT pg_advisory_lock(hashtextextended('media sweep', 0))");
  for (const which of [{}, { mostBytes: 20 }, { ownerId, mostBytes: 20 }]) {
    expect(await removeMedia(database, { ...old, ...which })).toEqual({ generations: 0, bytes: 0, storageKeys: [] });
  }
  await other.query("SELECT pg_advisory_unlock(hashtextextended('media sweep', 0))");
  await other.end();
  await removeMedia(database, { ...old, mostBytes: 20 });
  expect(await removedOf(ids)).toEqual([true, true, false, false]);
});

it('a picture that is made of a video just when that is removed goes with it, or is not kept', async () => {
  for (let round = 0; round < 30; round += 1) {
    const generationId = await ended({ sizeBytes: 10 });
    const storageKey = `results/${generationId}/thumbnail.webp`;
    await noteVariantFile(database, { generationId, storageKey });
    const content = { contentType: 'image/webp', sizeBytes: 1, sha256: 'ab' };
    const picture = {
      ...content,
      assetId: randomUUID(),
      storageKey,
      generationId,
      ownerId,
      variant: 'thumbnail',
    } as const;
    await Promise.all([insertVariant(database, picture), removeMedia(database, old)]);
    await removeMedia(database, old);
    expect(await removedOf([generationId])).toEqual([true]);
    expect(await database.asset.count({ where: { generationId, removedAt: null } })).toBe(0);
    expect(await database.looseFile.count({ where: { storageKey } })).toBe(1);
  }
});
