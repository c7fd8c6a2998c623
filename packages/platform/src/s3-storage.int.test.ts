import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { startTestS3Server, type TestS3Server } from '@reelay/testing/s3-server';
import { S3Storage } from './s3-storage.js';
import type { S3Place } from './storage-place.js';

let server: TestS3Server;
let place: S3Place;
let storage: S3Storage;

beforeAll(async () => {
  server = await startTestS3Server();
  const { bucket, endpoint, accessKey } = server;
  const address = { endpoint, publicEndpoint: undefined, region: 'us-east-1', isPathStyle: true };
  place = { ...{ bucket, accessKey, prefix: 'some/place/' }, ...address };
  storage = new S3Storage(place);
});
afterAll(async () => {
  storage?.close();
  await server?.close();
});

async function* chunksOf(...chunks: (Buffer | Error)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield chunk;
  }
}
const read = async (key: string, range?: object) => buffer(await storage.open(key, range));
const view = { contentType: 'video/mp4', disposition: 'attachment; filename="clip.mp4"', seconds: 60 };

test.each([
  ['an empty one', []],
  ['a small one', [1, 70_000]],
  ['one of several parts', [5_000_000, 9_000_001, 8_388_608, 3]],
])('gives back %s as it was put, with its size and hash', async (name, sizes) => {
  const pieces = sizes.map((size) => randomBytes(size));
  const whole = Buffer.concat(pieces);
  const key = `results/${name.replaceAll(' ', '-')}.mp4`;
  const stored = await storage.put(key, chunksOf(...pieces));
  expect(stored).toEqual({ sizeBytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') });
  expect((await read(key)).equals(whole)).toBe(true);
  expect(await storage.stat(key)).toEqual({ sizeBytes: whole.length });
});

test('opens a range with both ends included', async () => {
  await storage.put('file', chunksOf(Buffer.from('0123456789')));
  expect((await read('file', { start: 2, end: 5 })).toString()).toBe('2345');
  expect((await read('file', { start: 7 })).toString()).toBe('789');
  expect((await read('file', { end: 3 })).toString()).toBe('0123');
});

test.each([
  ['before the first part is full', [100]],
  ['after several parts', [9_000_000, 9_000_000]],
])('a source that fails %s leaves what was there, and its own reason is told', async (name, sizes) => {
  const pieces = sizes.map((size) => randomBytes(size));
  const key = name.replaceAll(' ', '-');
  await expect(storage.put(key, chunksOf(...pieces, new Error('cut')))).rejects.toThrow('cut');
  expect(await storage.stat(key)).toBeUndefined();
  await storage.put(key, chunksOf(Buffer.from('old')));
  await expect(storage.put(key, chunksOf(...pieces, new Error('cut')))).rejects.toThrow('cut');
  expect((await read(key)).toString()).toBe('old');
});

test('an object is not seen before it is complete, and the old one until then', async () => {
  await storage.put('replaced', chunksOf(Buffer.from('old')));
  async function* watched(): AsyncGenerator<Buffer> {
    for (let part = 0; part < 3; part += 1) {
      yield Buffer.alloc(6_000_000, part);
      expect((await read('replaced')).toString()).toBe('old');
    }
  }
  await storage.put('replaced', watched());
  expect(await storage.stat('replaced')).toEqual({ sizeBytes: 18_000_000 });
});

test('what is not there is told as such, and deleting twice is no error', async () => {
  await expect(storage.open('gone')).rejects.toMatchObject({ kind: 'not_found' });
  await storage.put('gone', chunksOf(Buffer.from('x')));
  await storage.delete('gone');
  await storage.delete('gone');
  expect(await storage.stat('gone')).toBeUndefined();
});

test.each(['../up', '/etc/passwd', 'a//b', ''])('refuses the key %j', async (key) => {
  for (const attempt of [storage.put(key, chunksOf()), storage.open(key), storage.stat(key), storage.delete(key)]) {
    await expect(attempt).rejects.toMatchObject({ kind: 'invalid_key' });
  }
});

test('an address made for anybody shows the object as asked for, in ranges too, and nothing else', async () => {
  await storage.put('clip', chunksOf(Buffer.from('0123456789')));
  const link = await storage.linkTo('clip', view);
  const answer = await fetch(link, { headers: { range: 'bytes=4-6' } });
  expect([answer.status, await answer.text()]).toEqual([206, '456']);
  expect(answer.headers.get('content-type')).toBe('video/mp4');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="clip.mp4"');
  expect((await fetch(link.replace('/clip?', '/file?'))).status).toBe(403);
  expect((await fetch(link, { method: 'DELETE' })).ok).toBe(false);
  expect((await read('clip')).toString()).toBe('0123456789');
});

test('an address for clients names the host they know the bucket by', async () => {
  const reached = new S3Storage({ ...place, publicEndpoint: 'https://media.example.org' });
  const link = await reached.linkTo('clip', view);
  expect(link).toMatch(/^https:\/\/media\.example\.org\/reelay-test\/some\/place\/clip\?/);
  reached.close();
});

test('a bucket that cannot be used is told as such, and not as an object that is missing', async () => {
  const stranger = new S3Storage({ ...place, accessKey: { id: server.accessKey.id, secret: 'wrong' } });
  const uses = (used: S3Storage) => [
    () => used.open('clip'),
    () => used.stat('clip'),
    () => used.put('clip', chunksOf(Buffer.from('x'))),
    () => used.delete('clip'),
  ];
  for (const use of uses(stranger)) await expect(use()).rejects.toMatchObject({ kind: 'unavailable' });
  stranger.close();
  const lost = new S3Storage({ ...place, endpoint: 'http://127.0.0.1:1' });
  for (const use of uses(lost)) await expect(use()).rejects.toMatchObject({ kind: 'unavailable' });
  lost.close();
});
