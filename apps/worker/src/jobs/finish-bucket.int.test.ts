/** What a worker does with media, with a bucket in the place of a folder. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { S3Storage } from '@reelay/platform/s3-storage';
import { startTestS3Server, type TestS3Server } from '@reelay/testing/s3-server';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { tinyMp4 } from '../testing/tiny-mp4.js';
import { sweepMedia } from '../timers/sweep-media.js';
import { finishMedia } from './finish.js';
import { pollToken } from './poll.js';
import { runGeneration } from './run.js';

let file: TestFile;
let bucket: TestS3Server;
let storage: S3Storage;
let server: Server;
let serve: RequestListener;
let mediaUrl: string;
let worker: TestWorker;

beforeAll(async () => {
  [file, bucket] = await Promise.all([openTestFile(), startTestS3Server()]);
  const address = { region: 'us-east-1', publicEndpoint: undefined, isPathStyle: true, prefix: '' };
  storage = new S3Storage({ ...bucket, ...address });
  server = createServer((request, response) => serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mediaUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  storage?.close();
  await Promise.all([file?.close(), bucket?.close()]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function finished(settings = {}): Promise<{ id: string; key: string }> {
  worker = await file.startWorker({ 'finish.attempts': 2, 'finish.retryMs': 100, ...settings }, mediaUrl);
  const parts = { ...worker.parts, storage };
  const tokenId = await insertToken(file.database);
  const assigned = await insertAssigned(file.database, { tokenId });
  await runGeneration(parts, assigned, worker.context);
  for (const task of worker.upstream.tasks) task.state = 'done';
  worker.upstream.mediaSources = [{ url: `${mediaUrl}/video`, kind: 'video' }];
  await pollToken(parts, { tokenId }, worker.context);
  await finishMedia(parts, { generationId: assigned.generationId }, worker.context);
  return { id: assigned.generationId, key: `results/${assigned.generationId}/0.mp4` };
}
const generationOf = (id: string) => file.database.generation.findUniqueOrThrow({ where: { id } });

it('a video of several parts is stored whole, with its facts, though its header comes last', async () => {
  const video = tinyMp4({ width: 360, height: 640, durationMs: 10_000, mediaBytes: 20_000_000, header: 'last' });
  serve = (_request, response) => response.end(video);
  const { id, key } = await finished();
  expect(await storage.stat(key)).toEqual({ sizeBytes: video.length });
  expect(await generationOf(id)).toMatchObject({
    state: 'succeeded',
    result: { media: [{ contentType: 'video/mp4', width: 360, height: 640, durationMs: 10_000 }] },
  });
});

it('a video that is cut short leaves no object, however much of it was there', async () => {
  const video = tinyMp4({ mediaBytes: 20_000_000 });
  serve = (_request, response) => {
    response.writeHead(200, { 'content-length': video.length });
    response.write(video.subarray(0, 18_000_000), () => response.destroy());
  };
  const { id, key } = await finished();
  expect(await storage.stat(key)).toBeUndefined();
  expect(await generationOf(id)).toMatchObject({ state: 'running', stage: 'fetching', finishTries: 1 });
});

it('a video whose time is over is removed from the bucket', async () => {
  serve = (_request, response) => response.end(tinyMp4());
  const { id, key } = await finished({ 'media.keepHours': 1 });
  expect(await storage.stat(key)).toBeDefined();
  await file.database.generation.update({ where: { id }, data: { completedAt: new Date(Date.now() - 7_200_000) } });
  await sweepMedia({ ...worker.parts, storage }, worker.context.log, worker.context.signal);
  expect(await storage.stat(key)).toBeUndefined();
  expect(await file.database.looseFile.count({ where: { storageKey: key } })).toBe(0);
});
