import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { LocalStorage } from './local-storage.js';

let root: string;
let storage: LocalStorage;

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'reelay-storage-')), 'media');
  storage = await LocalStorage.create(root);
});

async function* chunksOf(...chunks: (Buffer | Error)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield chunk;
  }
}

const unfinished = () => readdir(join(root, '.unfinished'));

test('gives back what was put, with its size and hash', async () => {
  const parts = [randomBytes(300_000), randomBytes(1), randomBytes(70_000)];
  const whole = Buffer.concat(parts);
  const stored = await storage.put('ab/01J.mp4', chunksOf(...parts));
  expect(stored).toEqual({ sizeBytes: 370_001, sha256: createHash('sha256').update(whole).digest('hex') });
  expect((await buffer(await storage.open('ab/01J.mp4'))).equals(whole)).toBe(true);
  expect(await storage.stat('ab/01J.mp4')).toEqual({ sizeBytes: 370_001 });
});

test('opens a range with both ends included', async () => {
  await storage.put('file', chunksOf(Buffer.from('0123456789')));
  const read = async (range: object) => (await buffer(await storage.open('file', range))).toString();
  expect(await read({ start: 2, end: 5 })).toBe('2345');
  expect(await read({ start: 7 })).toBe('789');
});

test('a source that fails leaves nothing, neither the object nor a part of it', async () => {
  await expect(storage.put('file', chunksOf(Buffer.from('half'), new Error('cut')))).rejects.toThrow('cut');
  expect(await storage.stat('file')).toBeUndefined();
  expect(await unfinished()).toEqual([]);
});

test('an object is not seen before it is complete, and the old one until then', async () => {
  await storage.put('file', chunksOf(Buffer.from('old')));
  async function* watched(): AsyncGenerator<Buffer> {
    yield Buffer.from('new');
    expect((await buffer(await storage.open('file'))).toString()).toBe('old');
    yield Buffer.from('er');
  }
  await storage.put('file', watched());
  expect((await buffer(await storage.open('file'))).toString()).toBe('newer');
});

test('sweeps what crashed writers left, and not what is being written', async () => {
  await writeFile(join(root, '.unfinished', 'crashed'), 'part');
  await utimes(join(root, '.unfinished', 'crashed'), new Date(0), new Date(0));
  await writeFile(join(root, '.unfinished', 'living'), 'part');
  expect(await storage.sweepUnfinished(3_600_000)).toBe(1);
  expect(await unfinished()).toEqual(['living']);
});

test.each([
  '../etc/passwd',
  '/etc/passwd',
  'a/../../b',
  '.unfinished/x',
  'a//b',
  'a/',
  '',
  'a\0b',
  'a\\b',
  'x'.repeat(201),
])('refuses the key %j', async (key) => {
  for (const attempt of [storage.put(key, chunksOf()), storage.open(key), storage.stat(key), storage.delete(key)]) {
    await expect(attempt).rejects.toMatchObject({ kind: 'invalid_key' });
  }
});

test('what is not there is told as such, and deleting twice is no error', async () => {
  await expect(storage.open('gone')).rejects.toMatchObject({ kind: 'not_found' });
  await storage.put('file', chunksOf(Buffer.from('x')));
  await expect(storage.open('file/below')).rejects.toMatchObject({ kind: 'not_found' });
  await storage.delete('file');
  await storage.delete('file');
  expect(await storage.stat('file')).toBeUndefined();
});

test('the folder and its files are private', async () => {
  await storage.put('ab/file', chunksOf(Buffer.from('x')));
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
  expect(await modeOf(root)).toBe(0o700);
  expect(await modeOf(join(root, 'ab'))).toBe(0o700);
  expect(await modeOf(join(root, 'ab/file'))).toBe(0o600);
});

test('the folder of the last file goes with it, one with more files stays, and the root always', async () => {
  for (const key of ['results/a/0.mp4', 'results/a/1.mp4', 'results/b/0.mp4', 'top'])
    await storage.put(key, chunksOf(Buffer.from('x')));
  await storage.delete('results/a/0.mp4');
  await storage.delete('results/b/0.mp4');
  expect(await readdir(join(root, 'results'))).toEqual(['a']);
  await storage.delete('results/a/1.mp4');
  await storage.delete('top');
  expect(await readdir(join(root, 'results'))).toEqual([]);
  await storage.delete('results/a/1.mp4');
  expect((await readdir(root)).sort()).toEqual(['.unfinished', 'results']);
  await storage.put('results/a/0.mp4', chunksOf(Buffer.from('again')));
  expect(await storage.stat('results/a/0.mp4')).toEqual({ sizeBytes: 5 });
});

test('a folder that is taken away under a file that is just being put is made again', async () => {
  const writers = ['a', 'b', 'c', 'd'].map(async (name) => {
    for (let round = 0; round < 50; round += 1) {
      const key = `results/all/${name}${round}`;
      await storage.put(key, chunksOf(Buffer.from('x')));
      expect(await storage.stat(key)).toEqual({ sizeBytes: 1 });
      await storage.delete(key);
    }
  });
  await Promise.all(writers);
  expect(await unfinished()).toEqual([]);
  expect(await readdir(join(root, 'results'))).toEqual([]);
});
