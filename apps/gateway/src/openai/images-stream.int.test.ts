/** Images as they are finished, byte by byte and through the official SDK; and answers that do not wait for them any longer. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, { APIError, InternalServerError, toFile } from 'openai';
import { fail, succeedWith } from '../testing/play-worker.js';
import { samplePng } from '../testing/sample-media.js';
import { openTestGateway, startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;
let client: OpenAI;
let key: string;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  gateway = await startTestGateway({
    ...{ databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix: redis.prefix },
    settings: { 'stream.recheckMs': 50, 'stream.keepAliveMs': 50, 'generation.waitMs': 400 },
  });
  key = await gateway.newClient();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([testDatabase.drop(), redis.close()]);
});

const soon = { timeoutMs: 30_000, intervalMs: 10 };

async function rowsOf(prompt: string, count = 1): Promise<string[]> {
  let ids: string[] = [];
  await waitFor(async () => {
    const rows = await gateway.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM generation WHERE request->>'prompt' = ${prompt} ORDER BY id`;
    ids = rows.map(({ id }) => id);
    return ids.length >= count;
  }, soon);
  return ids;
}

async function finish(id: string, bytes: Uint8Array): Promise<void> {
  await succeedWith(gateway, id, { media: [{ contentType: 'image/png', bytes, width: 64, height: 32 }] });
}
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('a stream of images', () => {
  test('shows that it is alive before there is anything to tell', async () => {
    const patient = await openTestGateway({ settings: { 'stream.keepAliveMs': 60_000 } });
    try {
      const json = { prompt: 'not made yet', stream: true };
      const response = await patient.send(await patient.newClient(), '/v1/images/generations', { json });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(': keep-alive\n\n');
      await reader.cancel();
    } finally {
      await patient.close();
    }
  });

  test('has only named events in one line each, comments between them, and ends with a blank line', async () => {
    const json = { prompt: 'bytes of two', n: 2, stream: true };
    const response = await gateway.send(key, '/v1/images/generations', { json });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    // Far more than a stream buffers: it is written in many pieces.
    const files = [randomBytes(2_000_000), samplePng(2, 2)];
    let text = '';
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>)
        text += decoder.decode(piece, { stream: true });
    })();
    const [first, second] = await rowsOf('bytes of two', 2);
    await waitFor(() => text.includes(': keep-alive\n\n'), soon);
    await finish(second!, files[1]!);
    await waitFor(() => text.includes(second!), soon);
    await finish(first!, files[0]!);
    await reading;
    const parts = text.split('\n\n');
    expect(parts.pop()).toBe('');
    const events = parts.filter((part) => part !== ': keep-alive');
    expect(events).toHaveLength(2);
    for (const [index, event] of events.entries()) {
      const [name, data, ...more] = event.split('\n');
      expect([name, more]).toEqual(['event: image_generation.completed', []]);
      expect(JSON.parse((data ?? '').replace(/^data: /, ''))).toEqual({
        ...{ type: 'image_generation.completed', created_at: expect.any(Number) as number },
        ...{ background: 'auto', quality: 'auto', output_format: 'png', size: '64x32' },
        usage: expect.objectContaining({ output_tokens: 2 }) as object,
        generation_id: `rly_${index === 0 ? second : first}`,
        b64_json: base64(files[1 - index]!),
      });
    }
  });

  test("through the SDK it is the image of an edit, by that event's name", async () => {
    const image = await toFile(samplePng(9, 9), 'upload', { type: 'application/octet-stream' });
    const stream = await client.images.edit({ image, prompt: 'streamed edit', stream: true, partial_images: 2 });
    const bytes = samplePng(5, 5);
    const [id] = await rowsOf('streamed edit');
    await finish(id!, bytes);
    const events: unknown[] = [];
    for await (const event of stream) events.push(event);
    expect(events).toEqual([expect.objectContaining({ type: 'image_edit.completed', b64_json: base64(bytes) })]);
  });

  test('gives what was made before it raises the error of what was not', async () => {
    const stream = await client.images.generate({ prompt: 'one of two', n: 2, stream: true });
    const [first, second] = await rowsOf('one of two', 2);
    await fail(gateway, first!, { code: 'upstream_failed', message: 'It broke.' });
    await finish(second!, samplePng(5, 5));
    const events: unknown[] = [];
    const reading = (async () => {
      for await (const event of stream) events.push(event);
    })();
    await expect(reading).rejects.toBeInstanceOf(APIError);
    await expect(reading).rejects.toMatchObject({ code: 'upstream_failed', error: { generation_id: `rly_${first}` } });
    expect(events).toEqual([expect.objectContaining({ generation_id: `rly_${second}` })]);
  });

  test('is refused before it begins with a status and not with an event', async () => {
    const refused = client.images.generate({ prompt: 'x', size: 'big', stream: true });
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'size' });
  });

  test('of a file that is gone says so', async () => {
    const stream = await client.images.generate({ prompt: 'lost file', stream: true });
    const [id] = await rowsOf('lost file');
    await rm(join(gateway.storageDir, 'tests'), { recursive: true, force: true });
    await gateway.database.$executeRaw`
      UPDATE generation SET state = 'succeeded', stage = 'ended', seq = seq + 1, progress = 100, completed_at = now(),
        result = '{"media": []}' WHERE id = ${id}`;
    await gateway.database.$executeRaw`
      INSERT INTO generation_event (generation_id, seq, type, data) VALUES (${id}, 2, 'generation.succeeded',
        ${JSON.stringify({ result: { media: [{ assetId: id, contentType: 'image/png', sizeBytes: 1 }] } })}::jsonb)`;
    const reading = (async () => {
      for await (const _ of stream);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'not_found', error: { generation_id: `rly_${id}` } });
  });
});

describe('an answer that has waited long enough', () => {
  test('is 504 with the ids of all that goes on', async () => {
    const error = (await client.images
      .generate({ prompt: 'too slow', n: 2 })
      .catch((raised: unknown) => raised)) as APIError & { error: object };
    const ids = (await rowsOf('too slow', 2)).map((id) => `rly_${id}`);
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 504, code: 'still_running' });
    expect(error.error).toMatchObject({ generation_id: ids[0], generation_ids: ids });
  });

  test("is found again, with all its images, by the SDK's own retry", async () => {
    const answer = client.withOptions({ maxRetries: 25 }).images.generate({ prompt: 'sent again', n: 2 });
    const ids = await rowsOf('sent again', 2);
    const isRetried = () => gateway.logLines.some((line) => line.includes('retry attached') && line.includes(ids[0]!));
    await waitFor(isRetried, soon);
    for (const id of ids) await finish(id, samplePng(3, 3));
    expect((await answer).data).toMatchObject(ids.map((id) => ({ generation_id: `rly_${id}` })));
    expect(await rowsOf('sent again')).toEqual(ids);
  });
});

describe('where media are not stored', () => {
  let other: TestGateway;
  beforeAll(async () => {
    const settings = { 'media.store': false, 'stream.recheckMs': 50 };
    const redisPrefix = `${redis.prefix}other:`;
    other = await startTestGateway({ databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix, settings });
  });
  afterAll(() => other.close());

  test('an image has its address at the upstream, also where base64 is expected and nobody said so', async () => {
    const sdk = new OpenAI({ baseURL: `${other.url}/v1`, apiKey: key, maxRetries: 0 });
    const answer = sdk.images.generate({ model: 'gpt-image-2', prompt: 'elsewhere' });
    const [id] = await rowsOf('elsewhere');
    const url = 'https://media.example/a.png';
    const media = [{ assetId: id, contentType: 'image/png', sizeBytes: 0, url }];
    await gateway.database.$executeRaw`
      UPDATE generation SET state = 'succeeded', stage = 'ended', seq = seq + 1, progress = 100, completed_at = now(),
        result = ${JSON.stringify({ media })}::jsonb WHERE id = ${id}`;
    await gateway.database.$executeRaw`
      INSERT INTO generation_event (generation_id, seq, type, data)
      VALUES (${id}, 2, 'generation.succeeded', ${JSON.stringify({ result: { media } })}::jsonb)`;
    expect((await answer).data).toEqual([{ url, generation_id: `rly_${id}` }]);
  });

  test.each([
    ['response_format', { response_format: 'b64_json' }],
    ['stream', { stream: true }],
  ])('base64 is refused before anything is made, by the name of %s', async (param, more) => {
    const refused = await other.send(key, '/v1/images/generations', { json: { prompt: 'never made', ...more } });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { code: 'unsupported_parameter', param } });
  });
});

test('a gateway that stops ends answers and streams with a word, and another one goes on with the same images', async () => {
  const redisPrefix = `${redis.prefix}stopping:`;
  const settings = { 'media.store': true, 'stream.recheckMs': 50, 'generation.waitMs': 60_000 };
  const start = () => startTestGateway({ databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix, settings });
  const [stopping, staying] = [await start(), await start()];
  let isStopped = false;
  try {
    const json = { prompt: 'interrupted', n: 2 };
    const answer = stopping.send(key, '/v1/images/generations', { json });
    const ids = await rowsOf('interrupted', 2);
    const streamed = await stopping.send(key, '/v1/images/generations', {
      json: { ...json, prompt: 'cut', stream: true },
    });
    const [first] = await rowsOf('cut', 2);
    await stopping.close();
    isStopped = true;
    const error = { code: 'gateway_restarting', generation_ids: ids.map((id) => `rly_${id}`) };
    expect([(await answer).status, await (await answer).json()]).toMatchObject([503, { error }]);
    const [last] = (await streamed.text()).split('\n\n').slice(-2);
    expect(JSON.parse((last ?? '').replace('data: ', ''))).toMatchObject({
      error: { code: 'gateway_restarting', generation_id: `rly_${first}` },
    });
    const headers = { 'x-stainless-retry-count': '1' };
    const retried = staying.send(key, '/v1/images/generations', { json, headers });
    for (const id of ids) await finish(id, samplePng(3, 3));
    expect(await (await retried).json()).toMatchObject({ data: ids.map((id) => ({ generation_id: `rly_${id}` })) });
  } finally {
    if (!isStopped) await stopping.close();
    await staying.close();
  }
});
