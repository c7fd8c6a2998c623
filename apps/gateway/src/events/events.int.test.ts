/** `GET /v1/generations/{id}/events` as its clients see it. Nothing is published in these tests: all comes by rechecks of the rows. */
import net from 'node:net';
import { cancelGeneration } from '@reelay/db/generations/cancel-generation';
import { deleteExpired } from '@reelay/db/repair/delete-expired';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import { progress, succeed } from '../testing/play-worker.js';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;
let key: string;
let open: TestGateway[] = [];

const settings = { 'stream.recheckMs': 50, 'stream.keepAliveMs': 100, 'stream.drainMs': 4_000 };
const start = async (more: object = {}) => {
  const options = { databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix: redis.prefix };
  const started = await startTestGateway({ ...options, settings: { ...settings, ...more } });
  open.push(started);
  return started;
};

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  gateway = await start();
  key = await gateway.newClient();
});
afterAll(async () => {
  for (const each of open) await each.close();
  await Promise.all([testDatabase.drop(), redis.close()]);
  open = [];
});

const soon = { timeoutMs: 30_000, intervalMs: 10 };
const render = (generationId: string, percent: number) =>
  progress(gateway, { generationId, stage: 'rendering', progress: percent });

async function newVideo(): Promise<string> {
  const response = await gateway.send(key, '/v1/videos', { json: { prompt: 'a boat' } });
  return ((await response.json()) as { id: string }).id.slice('video_'.length);
}

interface Event {
  id: string | undefined;
  event: string;
  data: { seq: number; progress?: number; generation?: { results: { url: string }[] }; error?: { code: string } };
}

interface Reading {
  response: Response;
  text(): string;
  events(): Event[];
  seqs(): number[];
  done: Promise<void>;
}

async function read(path: string, headers: Record<string, string> = {}, from = gateway): Promise<Reading> {
  const response = await from.send(key, path, { headers });
  let text = '';
  const done = (async () => {
    const decoder = new TextDecoder();
    if (!response.body) return;
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>)
      text += decoder.decode(piece, { stream: true });
  })();
  const events = () =>
    text
      .split('\n\n')
      .slice(0, -1)
      .filter((part) => !part.startsWith(':'))
      .map((part) => {
        const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: (.*)/s, 2))) as Record<
          string,
          string
        >;
        return { id: fields.id, event: fields.event ?? '', data: JSON.parse(fields.data ?? '') as Event['data'] };
      });
  return { response, text: () => text, events, seqs: () => events().map(({ data }) => data.seq), done };
}

test('tells everything from the beginning to the end, and ends with the generation', async () => {
  const id = await newVideo();
  const stream = await read(`/v1/generations/video_${id}/events`, { accept: 'application/json' });
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  await waitFor(() => stream.text().includes(': keep-alive\n\n'), soon);
  for (const percent of [10, 60]) await render(id, percent);
  await waitFor(() => stream.seqs().length === 3, soon);
  await succeed(gateway, id);
  await stream.done;
  expect(stream.events()).toMatchObject([
    { id: '1', event: 'generation.queued', data: { seq: 1, type: 'generation.queued', generation_id: `video_${id}` } },
    { id: '2', event: 'generation.progressed', data: { stage: 'rendering', progress: 10 } },
    { id: '3', event: 'generation.progressed', data: { stage: 'rendering', progress: 60 } },
    { id: '4', event: 'generation.succeeded', data: { generation: { id: `video_${id}`, state: 'succeeded', seq: 4 } } },
  ]);
  const url = stream.events().at(-1)?.data.generation?.results[0]?.url ?? '';
  expect((await fetch(url)).status).toBe(200);
});

describe('a client that comes back', () => {
  test.each([
    ['by the header of browsers', '', { 'last-event-id': '2' }, [3, 4]],
    ['by the parameter', '?after=3', {}, [4]],
    ['by the header rather than by the parameter its address began with', '?after=1', { 'last-event-id': '3' }, [4]],
    ['with an id of something else, from the beginning', '', { 'last-event-id': 'msg_7f' }, [1, 2, 3, 4]],
    ['with a number that was never given, from the beginning', '?after=900', {}, [1, 2, 3, 4]],
  ])('gets the rest without a gap: %s', async (_, query, headers, seqs) => {
    const id = await newVideo();
    await render(id, 10);
    await render(id, 20);
    const stream = await read(`/v1/generations/chatcmpl-${id}/events${query}`, headers);
    await succeed(gateway, id);
    await stream.done;
    expect(stream.seqs()).toEqual(seqs);
    const again = await read(`/v1/generations/${id}/events${query}`, headers);
    await again.done;
    expect(again.seqs()).toEqual(seqs);
  });

  test('after its end is told that nothing is left, in a way that makes browsers stop', async () => {
    const id = await newVideo();
    await succeed(gateway, id);
    const stream = await read(`/v1/generations/${id}/events`, { 'last-event-id': '2' });
    expect([stream.response.status, stream.text()]).toEqual([204, '']);
  });

  test('long after its end, when the steps on the way are not kept any more, gets the end', async () => {
    const id = await newVideo();
    for (const percent of [10, 20, 30]) await render(id, percent);
    await succeed(gateway, id);
    await gateway.database
      .$executeRaw`UPDATE generation SET completed_at = now() - interval '30 days' WHERE id = ${id}`;
    await gateway.database
      .$executeRaw`UPDATE generation_event SET created_at = now() - interval '30 days' WHERE generation_id = ${id}`;
    await deleteExpired(gateway.database);
    for (const [after, seqs] of [
      [0, [1, 5]],
      [2, [5]],
      [4, [5]],
    ] as const) {
      const stream = await read(`/v1/generations/${id}/events?after=${after}`);
      await stream.done;
      expect(stream.seqs()).toEqual(seqs);
    }
  });

  test('with a parameter that is no number is told so', async () => {
    const response = await gateway.send(key, `/v1/generations/${await newVideo()}/events?after=last`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: 'invalid_value', param: 'after' } },
    ]);
  });

  test('to another gateway, because its own was stopped, misses nothing', async () => {
    const id = await newVideo();
    const leaving = await start();
    const first = await read(`/v1/generations/${id}/events`, {}, leaving);
    await render(id, 10);
    await waitFor(() => first.seqs().length === 2, soon);
    await leaving.close();
    open = open.filter((each) => each !== leaving);
    await first.done;
    expect(first.events().map(({ event }) => event)).toEqual(['generation.queued', 'generation.progressed']);
    await render(id, 20);
    const second = await read(`/v1/generations/${id}/events`, { 'last-event-id': '2' });
    await succeed(gateway, id);
    await second.done;
    expect(second.seqs()).toEqual([3, 4]);
  });
});

test('a cancelled generation ends its stream with that', async () => {
  const id = await newVideo();
  const stream = await read(`/v1/generations/${id}/events`);
  const { ownerId } = await gateway.database.generation.findUniqueOrThrow({ where: { id } });
  await cancelGeneration(gateway.database, { id, ownerId });
  await stream.done;
  expect(stream.events().at(-1)).toMatchObject({
    event: 'generation.cancelled',
    data: { error: { code: 'cancelled' } },
  });
});

test('nobody sees the events of somebody else, and a look at the headers alone stays no stream', async () => {
  const id = await newVideo();
  const other = await gateway.newClient();
  expect((await gateway.send(other, `/v1/generations/${id}/events`)).status).toBe(404);
  expect((await gateway.send(undefined, `/v1/generations/${id}/events`)).status).toBe(401);
  expect((await gateway.send(key, `/v1/generations/nothing/events`)).status).toBe(404);
  const head = await gateway.send(key, `/v1/generations/${id}/events`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('a client that reads nothing is cut off, and gets the rest when it is back, while others get everything', async () => {
  const id = await newVideo();
  const other = await read(`/v1/generations/${id}/events`);
  const slow = net.connect(Number(new URL(gateway.url).port), '127.0.0.1');
  slow.pause();
  slow.on('error', () => {});
  slow.write(`GET /v1/generations/${id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
  const cut = () => gateway.logLines.find((line) => line.includes('slow stream cut off') && line.includes(id));
  const noteBytes = 200_000;
  // As much as the kernel takes for a client that does not read, and more.
  for (let count = 0; cut() === undefined && count < 150; count += 1) {
    await progress(gateway, { generationId: id, stage: 'rendering', note: 'x'.repeat(noteBytes) });
    await waitFor(() => other.text().length > (count + 1) * noteBytes, soon);
  }
  await waitFor(() => cut() !== undefined, soon);
  const { bufferedBytes } = JSON.parse(cut() ?? '{}') as { bufferedBytes: number };
  // The limit, and what one event may go beyond it.
  expect(bufferedBytes).toBeLessThan(256 * 1024 + noteBytes + 1_000);
  await succeed(gateway, id);
  await other.done;
  const seqs = other.seqs();
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  expect(other.events().at(-1)?.event).toBe('generation.succeeded');
  slow.destroy();
  const back = await read(`/v1/generations/${id}/events?after=${seqs.length - 1}`);
  await back.done;
  expect(back.seqs()).toEqual([seqs.length]);
});

test('streams are limited for each key and for the process, and a closed one makes room', async () => {
  const few = await start({ 'stream.openPerKey': 2, 'stream.open': 3 });
  const id = await newVideo();
  const path = `/v1/generations/${id}/events`;
  const leaving = new AbortController();
  await few.send(key, path, { signal: leaving.signal });
  await read(path, {}, few);
  const third = await few.send(key, path);
  expect([third.status, await third.json()]).toMatchObject([429, { error: { code: 'rate_limit_exceeded' } }]);
  expect(third.headers.get('retry-after')).toBe('5');
  const chat = await few.send(key, '/v1/chat/completions', {
    json: { model: 'sora2-landscape-10s', stream: true, messages: [{ role: 'user', content: 'not accepted' }] },
  });
  expect(chat.status).toBe(429);
  const prompts = await gateway.database.$queryRaw`SELECT FROM generation WHERE request->>'prompt' = 'not accepted'`;
  expect(prompts).toEqual([]);
  leaving.abort();
  let again: Reading | undefined;
  await waitFor(async () => {
    again = await read(path, {}, few);
    return again.response.status === 200;
  }, soon);
  const owner = await gateway.database.generation.findUniqueOrThrow({ where: { id } });
  const sibling = await few.newClient(owner.ownerId);
  expect((await few.send(sibling, path)).status).toBe(200);
  const beyond = await few.send(sibling, path);
  expect([beyond.status, await beyond.json()]).toMatchObject([503, { error: { code: 'service_unavailable' } }]);
  await succeed(gateway, id);
  await again?.done;
});
