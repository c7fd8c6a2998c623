import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertGeneration } from '../factories/insert-generation.js';
import { deleteGeneration } from '../generations/delete-generation.js';
import { takeLooseFiles } from './loose-files.js';
import { removeMedia } from './remove-media.js';
import { findVariant, insertVariant, noteVariantFile, type StoredVariant } from './variants.js';

let file: TestDatabase;
let database: Database;
const ownerId = 'owner-of-tests';

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});

async function insertVideo(): Promise<string> {
  const id = await insertGeneration(database);
  await database.$executeRaw`
    UPDATE generation SET state = 'succeeded', stage = 'ended', completed_at = now(), result = '{"media":[]}' WHERE id = ${id}`;
  return id;
}

function pictureOf(generationId: string): StoredVariant {
  const assetId = randomUUID();
  const storageKey = `results/${generationId}/${assetId}-thumbnail.webp`;
  const content = { contentType: 'image/webp', sizeBytes: 10, sha256: assetId };
  return { ...content, assetId, storageKey, generationId, ownerId, variant: 'thumbnail' };
}

const note = ({ generationId, storageKey }: StoredVariant) => noteVariantFile(database, { generationId, storageKey });
const looseOf = async (generationId: string) =>
  (await database.looseFile.findMany({ where: { generationId } })).map(({ storageKey }) => storageKey);

test('of many made at once one is kept, all are told which, and the files of the others stay noted', async () => {
  const generationId = await insertVideo();
  const pictures = Array.from({ length: 5 }, () => pictureOf(generationId));
  expect(await Promise.all(pictures.map(note))).toEqual([true, true, true, true, true]);
  const kept = await Promise.all(pictures.map((picture) => insertVariant(database, picture)));
  expect(new Set(kept.map((asset) => asset?.id)).size).toBe(1);
  const others = pictures.filter(({ assetId }) => assetId !== kept[0]?.id).map(({ storageKey }) => storageKey);
  expect((await looseOf(generationId)).sort()).toEqual(others.sort());
  expect(await findVariant(database, pictures[0] as StoredVariant)).toEqual(kept[0]);
  expect(await findVariant(database, { generationId, ownerId: 'somebody else', variant: 'thumbnail' })).toBeUndefined();
  expect(await findVariant(database, { generationId, ownerId, variant: 'spritesheet' })).toBeUndefined();
});

test('of a video that is not done, was deleted or is not kept any more, none is begun', async () => {
  const open = await insertGeneration(database);
  const gone = await insertVideo();
  await deleteGeneration(database, { id: gone, ownerId });
  const expired = await insertVideo();
  await removeMedia(database, { olderThanMs: 0, limit: 100 });
  for (const id of [open, gone, expired, 'nothing']) expect(await note(pictureOf(id))).toBe(false);
});

test('one that comes after the deletion of its video is not kept, and its file is found', async () => {
  const picture = pictureOf(await insertVideo());
  await note(picture);
  const { generationId: id, storageKey } = picture;
  expect((await deleteGeneration(database, { id, ownerId }))?.files).toEqual([storageKey]);
  expect(await insertVariant(database, picture)).toBeUndefined();
  expect(await takeLooseFiles(database, 10)).toContain(storageKey);
});

test('one that is kept goes with its video, by deletion and by age', async () => {
  const old = pictureOf(await insertVideo());
  await note(old);
  await insertVariant(database, old);
  expect((await removeMedia(database, { olderThanMs: 0, limit: 100 })).storageKeys).toContain(old.storageKey);
  expect(await findVariant(database, old)).toBeUndefined();

  const picture = pictureOf(await insertVideo());
  await note(picture);
  await insertVariant(database, picture);
  const { generationId: id, storageKey } = picture;
  expect((await deleteGeneration(database, { id, ownerId }))?.files).toEqual([storageKey]);
  expect(await findVariant(database, picture)).toBeUndefined();
});
