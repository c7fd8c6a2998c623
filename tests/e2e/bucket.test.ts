/** The whole stack with its media in a bucket: started by the launcher, worked on by a real S3 server, used by the official SDK. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { probeMp4 } from '@reelay/testing/mp4';
import { startTestS3Server, type TestS3Server } from '@reelay/testing/s3-server';
import { waitFor } from '@reelay/testing/wait-for';
import type OpenAI from 'openai';
import { Stack } from '../support/stack.js';

let bucket: TestS3Server;
let stack: Stack;
let client: OpenAI;

beforeAll(async () => {
  bucket = await startTestS3Server();
  stack = await Stack.start({
    env: {
      ...{ S3_BUCKET: bucket.bucket, S3_ENDPOINT: bucket.endpoint, S3_PREFIX: 'media' },
      ...{ S3_ACCESS_KEY_ID: bucket.accessKey.id, S3_SECRET_ACCESS_KEY: bucket.accessKey.secret },
    },
    settings: { 'media.redirectSeconds': 60, 'media.spareMs': 0, 'media.sweepMs': 200 },
    renderMs: 1_000,
  });
  client = stack.client();
});
afterAll(async () => {
  await stack?.stop();
  await bucket?.close();
});

const statusOf = async (id: string) => (await client.videos.retrieve(id)).status;

test('a video goes into the bucket, comes from there, and leaves it when room is needed', async () => {
  const { id } = await client.videos.create({ prompt: 'a lighthouse', model: 'sora2-portrait-10s' as 'sora-2' });
  await waitFor(async () => (await statusOf(id)) === 'completed', { timeoutMs: 60_000, describe: () => stack.output });
  const content = await client.videos.downloadContent(id);
  expect(content.url.startsWith(`${bucket.endpoint}/${bucket.bucket}/media/results/`)).toBe(true);
  const file = Buffer.from(await content.arrayBuffer());
  expect(probeMp4(file)).toMatchObject({ codec: 'avc1', width: 360, height: 640, durationMs: 10_000 });
  const folder = path.join(stack.homeDir, 'media');
  expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  expect(stack.output).not.toContain('X-Amz-Signature');

  await stack.set({ 'media.mostBytes': 1 });
  await waitFor(async () => (await fetch(content.url)).status === 404, { timeoutMs: 60_000 });
  await expect(client.videos.downloadContent(id)).rejects.toMatchObject({ status: 410, code: 'expired' });
  expect(await statusOf(id)).toBe('completed');
});
