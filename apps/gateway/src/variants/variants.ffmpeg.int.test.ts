/** Pictures of real videos, made by the machine's ffmpeg. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { probeImage } from '@reelay/platform/probe-image';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import OpenAI, { NotFoundError } from 'openai';
import { succeed, succeedWith } from '../testing/play-worker.js';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

// A machine may have other work; nothing here is about speed.
jest.setTimeout(120_000);

const ffmpeg = process.env.FFMPEG_PATH ?? 'ffmpeg';
let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;
let key: string;
let folder: string;
/** Ten seconds of a moving picture, 640 by 360. */
let video: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-ffmpeg-test-'));
  const file = join(folder, 'video.mp4');
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=640x360:rate=30:duration=10'];
  await promisify(execFile)(ffmpeg, ['-v', 'error', ...source, '-c:v', 'mpeg4', '-pix_fmt', 'yuv420p', file]);
  video = await readFile(file);
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  gateway = await start();
  key = await gateway.newClient();
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await Promise.all([testDatabase.drop(), redis.close()]);
  await rm(folder, { recursive: true, force: true });
});

const start = (configuration: { FFMPEG_PATH?: string; STORAGE_DIR?: string } = {}) =>
  startTestGateway({ databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix: redis.prefix, configuration });

async function create(): Promise<{ id: string; ulid: string }> {
  const response = await gateway.send(key, '/v1/videos', { json: { prompt: 'a paper boat' } });
  const { id } = (await response.json()) as { id: string };
  return { id, ulid: id.slice('video_'.length) };
}

async function createFinished(bytes = video) {
  const { id, ulid } = await create();
  const media = [{ contentType: 'video/mp4', bytes, width: 640, height: 360, durationMs: 10_000 }];
  await succeedWith(gateway, ulid, { media });
  return { id, ulid };
}

const ask = (id: string, variant: string, headers: Record<string, string> = {}, of = gateway) =>
  of.send(key, `/v1/videos/${id}/content?variant=${variant}`, { headers });
const assetsOf = (generationId: string) =>
  gateway.database.asset.findMany({ where: { generationId }, orderBy: { role: 'asc' } });
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

test.each([
  ['thumbnail', 'image/webp', { width: 640, height: 360 }],
  ['spritesheet', 'image/jpeg', { width: 1200, height: 670 }],
] as const)(
  'a %s is a picture of its own type and size, kept for everybody who asks again',
  async (variant, type, size) => {
    const { id, ulid } = await createFinished();
    const [first, ...others] = await Promise.all([ask(id, variant), ask(id, variant), ask(id, variant)]);
    expect([first?.status, first?.headers.get('content-type')]).toEqual([200, type]);
    const picture = await bytesOf(first as Response);
    expect(probeImage(picture)).toEqual(size);
    for (const other of others) expect((await bytesOf(other)).equals(picture)).toBe(true);

    const etag = first?.headers.get('etag') ?? '';
    expect((await ask(id, variant, { 'if-none-match': etag })).status).toBe(304);
    const part = await ask(id, variant, { range: 'bytes=0-3' });
    expect([part.status, (await bytesOf(part)).equals(picture.subarray(0, 4))]).toEqual([206, true]);
    expect((await assetsOf(ulid)).map(({ role, contentType }) => [role, contentType])).toEqual(
      [
        ['result', 'video/mp4'],
        [variant, type],
      ].sort(),
    );
  },
);

test('the official SDK downloads them as it downloads the video', async () => {
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });
  const { id } = await createFinished();
  const download = async (variant: 'video' | 'thumbnail' | 'spritesheet') => {
    const response = await client.videos.downloadContent(id, { variant });
    return { type: response.headers.get('content-type'), bytes: await bytesOf(response) };
  };
  const thumbnail = await download('thumbnail');
  expect([thumbnail.type, probeImage(thumbnail.bytes)]).toEqual(['image/webp', { width: 640, height: 360 }]);
  const spritesheet = await download('spritesheet');
  expect([spritesheet.type, probeImage(spritesheet.bytes)]).toEqual(['image/jpeg', { width: 1200, height: 670 }]);
  const whole = await download('video');
  expect([whole.type, whole.bytes.equals(video)]).toEqual(['video/mp4', true]);

  const { id: early } = await create();
  await expect(client.videos.downloadContent(early, { variant: 'thumbnail' })).rejects.toMatchObject({
    ...{ constructor: NotFoundError, code: 'video_not_ready' },
  });
});

test('of two gateways that make the same picture one keeps it, and both answer with that', async () => {
  const { id, ulid } = await createFinished();
  const configuration = { STORAGE_DIR: gateway.storageDir };
  const other = await start(configuration);
  try {
    const answers = await Promise.all([ask(id, 'thumbnail'), ask(id, 'thumbnail', {}, other)]);
    const [one, two] = await Promise.all(answers.map(bytesOf));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(one?.equals(two as Buffer)).toBe(true);
    expect(await readdir(join(gateway.storageDir, 'results', ulid))).toHaveLength(1);
    expect(await assetsOf(ulid)).toHaveLength(2);
  } finally {
    await other.close();
  }
});

test('deleting the video removes its pictures, and nothing of them is left in the store', async () => {
  const { id, ulid } = await createFinished();
  await ask(id, 'thumbnail');
  const files = () => readdir(join(gateway.storageDir, 'results', ulid)).catch(() => []);
  expect(await files()).toHaveLength(1);
  await gateway.send(key, `/v1/videos/${id}`, { method: 'DELETE' });
  expect([await files(), await assetsOf(ulid)]).toEqual([[], []]);
});

test('of what is no video none is made, it is not tried again at once, and nothing is left behind', async () => {
  const { id, ulid } = await create();
  await succeed(gateway, ulid);
  for (let tries = 0; tries < 2; tries += 1) {
    const refused = await ask(id, 'thumbnail');
    expect([refused.status, await refused.json()]).toMatchObject([404, { error: { code: 'variant_unavailable' } }]);
  }
  expect(gateway.logLines.filter((line) => line.includes(ulid) && line.includes('no picture'))).toHaveLength(1);
  expect(await assetsOf(ulid)).toHaveLength(1);
  expect(await gateway.database.looseFile.count({ where: { generationId: ulid } })).toBe(0);
});

test('a file that says it is a list of other files is not followed', async () => {
  const secret = join(folder, 'secret.mp4');
  await writeFile(secret, video);
  const list = Buffer.from(`ffconcat version 1.0\nfile ${secret}\n`);
  const { id } = await createFinished(list);
  expect((await ask(id, 'thumbnail')).status).toBe(404);
});

test('a program that writes without end, or words instead of a picture, is stopped and told of', async () => {
  const program = join(folder, 'not-ffmpeg.sh');
  await writeFile(program, '#!/bin/sh\nexec cat /dev/zero\n');
  await chmod(program, 0o755);
  const { id } = await createFinished();
  const other = await start({ FFMPEG_PATH: program, STORAGE_DIR: gateway.storageDir });
  try {
    const refused = await ask(id, 'thumbnail', {}, other);
    expect([refused.status, await refused.json()]).toMatchObject([404, { error: { code: 'variant_unavailable' } }]);
  } finally {
    await other.close();
  }
});
