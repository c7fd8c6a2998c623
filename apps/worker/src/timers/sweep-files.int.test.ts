import { insertFileReference } from '@reelay/db/assets/insert-file-reference';
import { noteReferenceFile } from '@reelay/db/assets/loose-files';
import { createFile } from '@reelay/db/files/create-file';
import { ensureOwner } from '@reelay/db/owners/ensure-owner';
import { openTestFile, type TestFile } from '../testing/test-worker.js';
import { sweepFiles } from './sweep-files.js';
import { sweepLooseFiles } from './sweep-loose-files.js';

const ownerId = 'ada';
let file: TestFile;

beforeAll(async () => {
  file = await openTestFile();
  await ensureOwner(file.database, { id: ownerId, name: 'Ada' });
});
afterAll(() => file.close());

async function* tenBytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('0123456789');
}

/** A file that has expired. */
async function expired(id: string): Promise<string> {
  const storageKey = `uploads/${id}`;
  await noteReferenceFile(file.database, storageKey);
  const stored = await file.storage.put(storageKey, tenBytes());
  const creation = await createFile(file.database, {
    ...{ id, ownerId, name: 'a.png', purpose: 'vision', expiresAfterSeconds: 3_600 },
    upload: { storageKey, contentType: 'image/png', ...stored, sha256: id },
    limits: { mostBytes: 1_000, mostFiles: 10 },
  });
  expect(creation.outcome).toBe('created');
  return storageKey;
}
const expire = () => file.database.file.updateMany({ data: { expiresAt: new Date(0) } });

test('an expired file goes with its bytes, but not those that a generation was made with', async () => {
  const [unused, used] = [await expired('unused'), await expired('used')];
  expect(await insertFileReference(file.database, { id: 'asset', fileId: 'used', ownerId })).toBe(true);
  await expire();
  const { parts, context } = await file.startWorker();
  await sweepFiles(parts, context.log, context.signal);
  await sweepLooseFiles(parts, context.log, context.signal);
  expect(await file.database.file.count()).toBe(0);
  expect([await file.storage.stat(unused), await file.storage.stat(used)]).toEqual([undefined, { sizeBytes: 10 }]);

  await file.database.asset.deleteMany();
  await file.database.fileObject.updateMany({ data: { checkAt: new Date(0) } });
  await sweepFiles(parts, context.log, context.signal);
  await sweepLooseFiles(parts, context.log, context.signal);
  expect(await file.storage.stat(used)).toBeUndefined();
  expect(await file.database.fileObject.count()).toBe(0);
});

test('a round looks at so many portions of objects at most, and the next goes on', async () => {
  for (const id of ['a', 'b', 'c', 'd', 'e']) await expired(id);
  await expire();
  const { parts, context } = await file.startWorker();
  const left = async () => {
    await sweepFiles(parts, context.log, context.signal, { portion: 1, mostPortions: 3 });
    return file.database.fileObject.count();
  };
  expect([await left(), await left()]).toEqual([2, 0]);
});
