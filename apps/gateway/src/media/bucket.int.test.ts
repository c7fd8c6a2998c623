/** Media in a bucket: sent through the gateway, or fetched by clients from the bucket itself. */
import { S3Storage } from '@reelay/platform/s3-storage';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { startTestS3Server, type TestS3Server } from '@reelay/testing/s3-server';
import OpenAI from 'openai';
import { succeed } from '../testing/play-worker.js';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let bucket: TestS3Server;
let redis: TestRedis;
let databases: TestDatabase[];
let sending: TestGateway;
let redirecting: TestGateway;

beforeAll(async () => {
  bucket = await startTestS3Server();
  redis = await openTestRedis();
  databases = [await createTestDatabase(), await createTestDatabase()];
  const [first, second] = databases.map(({ url }) => url);
  const { endpoint, accessKey } = bucket;
  const common = {
    ...{ redisUrl: redis.url, redisPrefix: redis.prefix },
    configuration: {
      ...{ S3_BUCKET: bucket.bucket, S3_ENDPOINT: endpoint, S3_PREFIX: 'media/' },
      ...{ S3_ACCESS_KEY_ID: accessKey.id, S3_SECRET_ACCESS_KEY: accessKey.secret },
    },
  };
  sending = await startTestGateway({ ...common, databaseUrl: first ?? '' });
  redirecting = await startTestGateway({
    ...{ ...common, databaseUrl: second ?? '', redisPrefix: `${redis.prefix}second:` },
    settings: { 'media.redirectSeconds': 60 },
  });
});
afterAll(async () => {
  await Promise.all([sending?.close(), redirecting?.close()]);
  await Promise.all([bucket?.close(), redis?.close(), ...(databases ?? []).map((database) => database.drop())]);
});

/** A finished video whose file lies in the bucket. */
async function finishedOn(gateway: TestGateway) {
  const key = await gateway.newClient();
  const answer = await gateway.send(key, '/v1/videos', { json: { prompt: 'a boat' } });
  const { id } = (await answer.json()) as { id: string };
  const { assetId, bytes, sha256 } = await succeed(gateway, id.slice('video_'.length));
  const address = { region: 'us-east-1', endpoint: bucket.endpoint, publicEndpoint: undefined, isPathStyle: true };
  const storage = new S3Storage({ ...address, ...bucket, prefix: 'media/' });
  await storage.put(`tests/${assetId}`, chunkOf(bytes));
  storage.close();
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(gateway.url + path, { method, headers: { authorization: `Bearer ${key}`, ...headers }, redirect: 'manual' });
  return { id, assetId, bytes, etag: `"${sha256}"`, client, ask, path: `/v1/videos/${id}/content` };
}

async function* chunkOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

test('a gateway sends what is in the bucket, in ranges too, as it would from a disk', async () => {
  const { id, assetId, bytes, client, ask, path } = await finishedOn(sending);
  const content = await client.videos.downloadContent(id);
  expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true);
  expect(content.url).toContain(sending.url);
  const part = await ask(path, { range: 'bytes=-10' });
  expect([part.status, Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(990))]).toEqual([206, true]);
  await sending.database.asset.update({ where: { id: assetId }, data: { storageKey: 'tests/lost' } });
  expect(await (await ask(path)).json()).toMatchObject({ error: { code: 'not_found' } });
});

test('clients are sent to the bucket where that is wished, and the official SDK goes there', async () => {
  const { id, bytes, client, ask, path } = await finishedOn(redirecting);
  const content = await client.videos.downloadContent(id);
  expect(content.url).toMatch(new RegExp(`^${bucket.endpoint}/`));
  expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true);
  const answer = await ask(path, { range: 'bytes=0-9' });
  expect([answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([
    ...[302, '', 'private, no-store'],
  ]);
  const location = answer.headers.get('location') ?? '';
  expect(new URL(location).searchParams.get('X-Amz-Expires')).toBe('60');
  expect(location).not.toContain('authorization');
  const part = await fetch(location, { headers: { range: 'bytes=0-9' } });
  expect([part.status, Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(0, 10))]).toEqual([206, true]);
  expect(part.headers.get('content-type')).toBe('video/mp4');
  expect(part.headers.get('content-disposition')).toBe(`attachment; filename="${id}.mp4"`);
});

test('what needs no bytes is answered by the gateway, also where clients are sent to the bucket', async () => {
  const { etag, ask, path } = await finishedOn(redirecting);
  const head = await ask(path, {}, 'HEAD');
  expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, '1000', etag]);
  expect((await ask(path, { 'if-none-match': etag })).status).toBe(304);
});
