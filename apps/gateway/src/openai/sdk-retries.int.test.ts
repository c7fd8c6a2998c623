/** What the official SDK sends again by itself, what it gives up, and that nothing is made twice by it. */
import { Agent, createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError, RateLimitError } from 'openai';
import { succeed } from '../testing/play-worker.js';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  gateway = await startTestGateway({
    ...{ databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix: redis.prefix },
    settings: { 'generation.waitMs': 20_000 },
  });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([testDatabase.drop(), redis.close()]);
});

const model = 'sora2-landscape-10s';
const asking = (prompt: string) => ({ model, messages: [{ role: 'user' as const, content: prompt }] });

async function newKey(limits: object): Promise<{ id: string; key: string }> {
  const answer = await gateway.send(gateway.adminKey, '/api/admin/api-keys', { json: { name: 'test', ...limits } });
  return (await answer.json()) as { id: string; key: string };
}

interface Try {
  sentAt: number;
  retryCount: string | null;
  answeredAt?: number;
  answer?: Response;
}

/** A client, and every request that it has sent. */
function watched(options: { apiKey: string; baseURL?: string; maxRetries?: number; timeout?: number }) {
  const tries: Try[] = [];
  const client = new OpenAI({
    ...{ baseURL: `${gateway.url}/v1`, maxRetries: 0, ...options },
    fetch: async (input, init) => {
      // So the SDK finds out whether `fetch` can send forms.
      if (String(input).startsWith('data:')) return fetch(input, init);
      const retryCount = new Headers(init?.headers).get('x-stainless-retry-count');
      const one: Try = { sentAt: performance.now(), retryCount };
      tries.push(one);
      const answer = await fetch(input, init).catch((error: Error) => Promise.reject(ofThisRealm(error)));
      Object.assign(one, { answeredAt: performance.now(), answer });
      return answer;
    },
  });
  return { client, tries };
}

/** `fetch` is not of Jest's realm: by an error of another `Error` class the SDK would not know that it was a timeout. */
const ofThisRealm = ({ name, message, cause }: Error): Error => Object.assign(new Error(message, { cause }), { name });

const raisedBy = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => 'nothing was raised',
    (raised: unknown) => raised,
  );

/** Newest first. */
async function generationsOf(prompt: string): Promise<string[]> {
  const rows = await gateway.database.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation WHERE request->>'prompt' = ${prompt} ORDER BY id DESC`;
  return rows.map(({ id }) => id);
}

describe('429', () => {
  test('a used up minute is waited out for as long as the gateway says, and then there is an answer', async () => {
    const { id, key } = await newKey({ requestsPerMinute: 1 });
    const { client, tries } = watched({ apiKey: key, maxRetries: 2 });
    await client.models.list();
    // Of the minute that has begun there is little left.
    expect(await redis.client.pexpire(`${redis.prefix}:window:${id}`, 2_000)).toBe(1);
    expect((await client.models.list()).data.length).toBeGreaterThan(0);
    expect(tries.map(({ answer, retryCount }) => [answer?.status, retryCount])).toEqual([
      [200, '0'],
      [429, '0'],
      [200, '1'],
    ]);
    const [, refused, repeated] = tries as [Try, Try, Try];
    const toldMs = Number(refused.answer?.headers.get('retry-after')) * 1_000;
    expect(toldMs).toBeGreaterThan(0);
    // A timer may end a little before its time. Without the hint the SDK would wait for half a second at most.
    expect(repeated.sentAt - (refused.answeredAt ?? 0)).toBeGreaterThan(toldMs - 50);
  });

  test('without retries it is raised, with the time to wait', async () => {
    const { key } = await newKey({ requestsPerMinute: 1 });
    const { client } = watched({ apiKey: key });
    await client.models.list();
    const error = (await raisedBy(client.models.list())) as APIError;
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'requests' });
    expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(0);
  });

  test('a spent quota is not sent again, however many retries there are', async () => {
    const { key } = await newKey({ dailyQuota: { video: 0 } });
    const { client, tries } = watched({ apiKey: key, maxRetries: 5 });
    for (const act of [
      () => client.videos.create({ prompt: 'one too many' }),
      () => client.chat.completions.create(asking('one too many')),
    ]) {
      tries.length = 0;
      const error = (await raisedBy(act())) as APIError;
      expect(error).toBeInstanceOf(RateLimitError);
      expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
      expect(error.headers?.get('x-should-retry')).toBe('false');
      expect(tries).toHaveLength(1);
    }
  });
});

describe('a client that does not wait as long as the gateway', () => {
  test('raises a timeout', async () => {
    const { client, tries } = watched({ apiKey: await gateway.newClient(), timeout: 300 });
    const error = await raisedBy(client.chat.completions.create(asking('given up')));
    expect(error).toBeInstanceOf(APIConnectionTimeoutError);
    expect(error).toMatchObject({ status: undefined, code: undefined });
    expect(tries).toHaveLength(1);
  });

  test('gets what its first try began by a later one', async () => {
    const prompt = 'given up and asked for again';
    const { client, tries } = watched({ apiKey: await gateway.newClient(), timeout: 1_000, maxRetries: 10 });
    const answer = client.chat.completions.create(asking(prompt));
    const isAttached = () => gateway.logLines.some((line) => line.includes('retry attached'));
    await waitFor(isAttached, { timeoutMs: 20_000 });
    const [id = ''] = await generationsOf(prompt);
    await succeed(gateway, id);
    expect(await answer).toMatchObject({ id: `chatcmpl-${id}` });
    expect(tries.length).toBeGreaterThan(1);
    expect(await generationsOf(prompt)).toEqual([id]);
  });
});

describe('a connection that is cut before the answer has come through', () => {
  /** A way to the gateway that loses its first answers: the work is accepted, and the client does not learn of it. */
  async function openLossyWay(losses: number) {
    const agent = new Agent({ keepAlive: true });
    let lost = 0;
    const server = createServer((request, response) => {
      const { method, url = '/', headers } = request;
      const asked = sendRequest(new URL(url, gateway.url), { method, headers, agent }, (answer) => {
        if (lost < losses) {
          lost += 1;
          answer.resume().once('end', () => request.socket.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
        answer.pipe(response);
      });
      request.pipe(asked);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      close: async () => {
        agent.destroy();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  test('is an APIConnectionError, and no timeout', async () => {
    const way = await openLossyWay(Number.POSITIVE_INFINITY);
    try {
      const { client, tries } = watched({ apiKey: await gateway.newClient(), baseURL: way.baseURL, maxRetries: 1 });
      const error = await raisedBy(client.models.list());
      expect(error).toBeInstanceOf(APIConnectionError);
      expect(error).not.toBeInstanceOf(APIConnectionTimeoutError);
      expect(error).toMatchObject({ status: undefined, code: undefined });
      expect(tries.map(({ retryCount }) => retryCount)).toEqual(['0', '1']);
    } finally {
      await way.close();
    }
  });

  test('is opened again by the SDK, and with an Idempotency-Key one video only is made', async () => {
    const way = await openLossyWay(2);
    const prompt = 'asked for by a bad line';
    try {
      const { client, tries } = watched({ apiKey: await gateway.newClient(), baseURL: way.baseURL, maxRetries: 3 });
      const headers = { 'Idempotency-Key': 'a bad line' };
      const { id } = await client.videos.create({ prompt }, { headers });
      expect(tries.map(({ answer, retryCount }) => [answer?.status, retryCount])).toEqual([
        [undefined, '0'],
        [undefined, '1'],
        [200, '2'],
      ]);
      expect(await generationsOf(prompt)).toEqual([id.slice('video_'.length)]);
    } finally {
      await way.close();
    }
  });

  test('gives the chat that was finished meanwhile', async () => {
    const way = await openLossyWay(1);
    const prompt = 'finished while the line was bad';
    try {
      const { client, tries } = watched({ apiKey: await gateway.newClient(), baseURL: way.baseURL, maxRetries: 3 });
      const answer = client.chat.completions.create(asking(prompt), { headers: { 'Idempotency-Key': 'a bad chat' } });
      await waitFor(async () => (await generationsOf(prompt)).length > 0, { timeoutMs: 20_000, intervalMs: 10 });
      const [id = ''] = await generationsOf(prompt);
      await succeed(gateway, id);
      expect(await answer).toMatchObject({ id: `chatcmpl-${id}` });
      expect(tries).toHaveLength(2);
      expect(await generationsOf(prompt)).toEqual([id]);
    } finally {
      await way.close();
    }
  });
});

const ofNoClass: [string, (client: OpenAI) => Promise<unknown>, number, string][] = [
  ['a method that the route does not have', (client) => client.patch('/models'), 405, 'method_not_allowed'],
  [
    'a body that is larger than the route reads',
    (client) =>
      client.webhooks.create({ name: 'x'.repeat(2 * 1024 * 1024), url: 'http://localhost/', event_types: [] }),
    413,
    'request_too_large',
  ],
  [
    'a body of a type that the route does not read',
    (client) => {
      const headers = { 'content-type': 'text/plain' };
      return client.post('/chat/completions', { body: 'a paper boat' as never, headers });
    },
    415,
    'unsupported_media_type',
  ],
];

test.each(ofNoClass)('%s is a plain APIError, which is not sent again', async (_, act, status, code) => {
  const { client, tries } = watched({ apiKey: await gateway.newClient(), maxRetries: 2 });
  const error = (await raisedBy(act(client))) as APIError;
  expect((error as object).constructor).toBe(APIError);
  expect(error).toMatchObject({ status, code, type: 'invalid_request_error' });
  expect(error.requestID).toMatch(/^req_/);
  expect(tries).toHaveLength(1);
});
