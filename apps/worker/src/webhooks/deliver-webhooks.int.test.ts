/** Events on their way: real rows, real jobs, and a receiver that checks every signature with the official SDK. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Settings } from '@reelay/contracts/settings';
import { createDatabase, type Database } from '@reelay/db/client';
import { insertGeneration } from '@reelay/db/factories/insert-generation';
import { endGeneration } from '@reelay/db/generations/end-generation';
import { createSettingsReader, writeSettings } from '@reelay/db/settings';
import { inTransaction } from '@reelay/db/transaction';
import { replayDelivery } from '@reelay/db/webhooks/list-deliveries';
import { deleteEndpoint, insertEndpoint, rotateSecret } from '@reelay/db/webhooks/webhook-endpoints';
import { type Consumer, consume } from '@reelay/platform/consume';
import { armCrashPoint } from '@reelay/platform/crash-point';
import { createLogger } from '@reelay/platform/logger';
import { Queues } from '@reelay/platform/queues';
import { createRedis } from '@reelay/platform/redis';
import { newWebhookSecret, WebhookSecrets } from '@reelay/platform/webhook-secrets';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI from 'openai';
import { ringWebhooks } from '../timers/ring-webhooks.js';
import { deliverWebhooks, type WebhookParts } from './deliver-webhooks.js';

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const owner = 'owner-of-tests';
const log = createLogger({ app: 'test', write: () => {} });
const client = new OpenAI({ apiKey: 'not used' });
const secrets = new WebhookSecrets('web key of the tests 1');
let testDatabase: TestDatabase;
let redis: TestRedis;
let database: Database;
let server: Server;
let place: string;
let received: Received[];
/** What the receiver answers at a path; 204 where nothing is said. Undefined answers never. */
let answers: Map<string, () => number | undefined>;
/** Paths that begin to answer, and then break off or say nothing more. */
let halves: Map<string, boolean>;
let made = 0;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  database = createDatabase({ url: testDatabase.url, applicationName: 'test' });
  await database.owner.create({ data: { id: owner, name: owner } });
  server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const path = request.url ?? '';
    received.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
    if (halves.has(path)) {
      response.writeHead(200, { 'content-length': '9' });
      response.write('half', () => halves.get(path) === true && response.destroy());
      return;
    }
    const status = answers.has(path) ? answers.get(path)?.() : 204;
    if (status !== undefined)
      response.writeHead(status, { location: '/elsewhere' }).end(status === 204 ? '' : 'said so');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await database.$disconnect();
  await Promise.all([testDatabase.drop(), redis.close()]);
});
beforeEach(async () => {
  received = [];
  answers = new Map();
  halves = new Map();
  await database.webhookDelivery.deleteMany();
  await database.webhookEndpoint.deleteMany();
});

async function endpoint(path = '/hook', secret = newWebhookSecret(), sealedWith = secrets) {
  made += 1;
  const id = `whe_${String(made).padStart(6, '0')}`;
  const secretSealed = sealedWith.seal(id, 'secret_sealed', secret);
  const fields = { name: id, url: `http://${place}${path}`, eventTypes: ['video.completed'], secretHint: '' };
  await insertEndpoint(database, { id, ownerId: owner, secretSealed, ...fields }, 1_000);
  return { id, secret, path };
}

async function endVideo(): Promise<string> {
  const id = await insertGeneration(database);
  await inTransaction(database, (tx) => endGeneration(tx, id, { state: 'succeeded', result: { media: [] } }));
  return id;
}

async function newParts(settings: Partial<Settings> = {}): Promise<WebhookParts> {
  await database.setting.deleteMany();
  await writeSettings(database, { 'webhook.retryMs': 600_000, ...settings });
  return { database, settings: createSettingsReader(database), random: () => 0.5, secrets, fetchAllow: [place] };
}

const context = (signal = new AbortController().signal) => ({ signal, log });
const deliver = (parts: WebhookParts, endpointId: string, signal?: AbortSignal) =>
  deliverWebhooks(parts, { endpointId }, context(signal));
const deliveryOf = (endpointId: string) =>
  database.webhookDelivery.findFirstOrThrow({
    where: { endpointId },
    include: { webhookAttempts: { orderBy: { n: 'asc' } } },
  });
const unwrap = ({ body, headers }: Received, secret: string) =>
  client.webhooks.unwrap(body, headers as Record<string, string>, secret);
/** As long as nobody else works on the endpoint: the next try is due at once. */
const dueNow = () =>
  database.$executeRaw`UPDATE webhook_delivery SET next_try_at = now(), claimed_until = NULL WHERE state = 'pending'`;
const eventually = (condition: () => boolean | Promise<boolean>) =>
  waitFor(condition, {
    timeoutMs: 20_000,
    intervalMs: 10,
    describe: () => JSON.stringify(received.map(({ path }) => path)),
  });

test('the end of a video reaches its endpoint, signed so that the SDK accepts it, and is sent once', async () => {
  const { id, secret } = await endpoint();
  const generationId = await endVideo();
  const parts = await newParts();
  await deliver(parts, id);
  await deliver(parts, id);
  expect(received).toHaveLength(1);
  const [delivered] = received as [Received];
  expect(await unwrap(delivered, secret)).toEqual({
    id: delivered.headers['webhook-id'],
    object: 'event',
    created_at: expect.any(Number) as number,
    type: 'video.completed',
    data: { id: `video_${generationId}` },
  });
  const row = await deliveryOf(id);
  expect(row).toMatchObject({
    state: 'succeeded',
    tries: 1,
    webhookAttempts: [{ n: 1, statusCode: 204, error: null }],
  });
});

test.each([301, 400, 410, 429, 500])(
  '%i is a failure: the event is sent again under the same id, signed anew',
  async (status) => {
    const { id, secret, path } = await endpoint(`/fails-${status}`);
    answers.set(path, () => (received.length === 1 ? status : 204));
    await endVideo();
    const parts = await newParts();
    await deliver(parts, id);
    await dueNow();
    await deliver(parts, id);
    expect(received.map((each) => each.path)).toEqual([path, path]);
    const ids = await Promise.all(received.map(async (each) => (await unwrap(each, secret)).id));
    expect(ids[0]).toBe(ids[1]);
    const row = await deliveryOf(id);
    expect(row).toMatchObject({
      state: 'succeeded',
      webhookAttempts: [{ statusCode: status, response: 'said so' }, { statusCode: 204 }],
    });
  },
);

test('a receiver that never answers or cannot be reached has failed, in words that say why', async () => {
  const parts = await newParts({ 'webhook.timeoutMs': 50 });
  const silent = await endpoint('/silent');
  answers.set(silent.path, () => undefined);
  await endVideo();
  await deliver(parts, silent.id);
  expect(await deliveryOf(silent.id)).toMatchObject({
    state: 'pending',
    webhookAttempts: [{ statusCode: null, error: 'The server took too long to answer.' }],
  });
  // What the operator allowed when it was given, and does not allow any more.
  await dueNow();
  await deliver({ ...parts, fetchAllow: [] }, silent.id);
  const { webhookAttempts } = await deliveryOf(silent.id);
  expect(webhookAttempts).toMatchObject([
    {},
    { statusCode: null, error: expect.stringMatching(/https only/) as string },
  ]);
});

test('a receiver that took the event and then breaks off, or never ends its answer, is sent nothing again', async () => {
  const parts = await newParts({ 'webhook.timeoutMs': 3_000 });
  const begun: [string, boolean][] = [
    ['/breaks-off', true],
    ['/without-end', false],
  ];
  const endpoints: string[] = [];
  for (const [path, breaksOff] of begun) {
    endpoints.push((await endpoint(path)).id);
    halves.set(path, breaksOff);
  }
  await endVideo();
  for (const id of endpoints) await deliver(parts, id);
  for (const id of endpoints)
    expect(await deliveryOf(id)).toMatchObject({
      state: 'succeeded',
      webhookAttempts: [{ statusCode: 200, error: null }],
    });
});

test('after a round in which nobody answered the job makes way for others, and comes back', async () => {
  const { id, path } = await endpoint('/silent');
  answers.set(path, () => undefined);
  for (let count = 0; count < 5; count += 1) await endVideo();
  const parts = await newParts({ 'webhook.timeoutMs': 50, 'webhook.concurrency': 2 });
  expect(await deliver(parts, id)).toEqual({ againInMs: 5_000 });
  expect(await database.webhookDelivery.count({ where: { endpointId: id, tries: 0 } })).toBe(3);
  answers.delete(path);
  expect(await deliver(await newParts({ 'webhook.concurrency': 2 }), id)).toBeUndefined();
  expect(await database.webhookDelivery.count({ where: { endpointId: id, state: 'succeeded' } })).toBe(3);
});

test('a worker that dies between sending and recording has it sent again, under the same id', async () => {
  const { id, secret } = await endpoint();
  await endVideo();
  const parts = await newParts();
  armCrashPoint('webhook.after-sent', () => {
    throw new Error('killed here');
  });
  await expect(deliver(parts, id)).rejects.toThrow('killed here');
  armCrashPoint(undefined);
  await deliver(parts, id);
  expect(received).toHaveLength(1);
  await database.$executeRaw`UPDATE webhook_delivery SET claimed_until = now() - interval '1 second'`;
  await deliver(parts, id);
  expect(received).toHaveLength(2);
  const ids = await Promise.all(received.map(async (each) => (await unwrap(each, secret)).id));
  expect(ids[0]).toBe(ids[1]);
  expect(await deliveryOf(id)).toMatchObject({ state: 'succeeded', tries: 2, webhookAttempts: [{ n: 2 }] });
});

test('a worker that leaves puts back what is on its way, uncounted', async () => {
  const { id, path } = await endpoint('/slow');
  answers.set(path, () => undefined);
  await endVideo();
  const leaving = new AbortController();
  const delivering = deliver(await newParts(), id, leaving.signal);
  await eventually(() => received.length === 1);
  leaving.abort(new Error('leaving'));
  await expect(delivering).rejects.toThrow('leaving');
  expect(await deliveryOf(id)).toMatchObject({ state: 'pending', tries: 0, claimedUntil: null, webhookAttempts: [] });
});

test('after a rotation that keeps the old secret both are good, afterwards only the new one', async () => {
  const { id, secret: old } = await endpoint();
  const parts = await newParts();
  const fresh = newWebhookSecret();
  const rotate = (keepsOldMs: number) =>
    rotateSecret(
      database,
      { id, ownerId: owner },
      {
        keepsOldMs,
        next: () => ({
          secretSealed: secrets.seal(id, 'secret_sealed', fresh),
          secretHint: '',
          oldSecretSealed: secrets.seal(id, 'old_secret_sealed', old),
        }),
      },
    );
  await rotate(60_000);
  await endVideo();
  await deliver(parts, id);
  await rotate(0);
  await endVideo();
  await deliver(parts, id);
  const [during, after] = received as [Received, Received];
  for (const secret of [old, fresh]) expect(await unwrap(during, secret)).toMatchObject({ type: 'video.completed' });
  expect(await unwrap(after, fresh)).toMatchObject({ type: 'video.completed' });
  await expect(unwrap(after, old)).rejects.toThrow(/signature/);
});

test('a secret that another web key sealed is a failure that says what to do', async () => {
  const { id } = await endpoint('/hook', newWebhookSecret(), new WebhookSecrets('another web key, long ago'));
  await endVideo();
  await deliver(await newParts(), id);
  expect(received).toEqual([]);
  expect(await deliveryOf(id)).toMatchObject({
    webhookAttempts: [{ error: expect.stringMatching(/rotate it/) as string }],
  });
});

test('a replay is sent as the first time', async () => {
  const { id } = await endpoint();
  await endVideo();
  const parts = await newParts();
  await deliver(parts, id);
  await replayDelivery(database, { endpointId: id, id: (await deliveryOf(id)).id });
  await deliver(parts, id);
  expect(received.map(({ body }) => body)).toEqual([received[0]?.body, received[0]?.body]);
  expect(await deliveryOf(id)).toMatchObject({ state: 'succeeded', tries: 2, webhookAttempts: [{ n: 1 }, { n: 2 }] });
});

test('an endpoint that was deleted or disabled is sent nothing', async () => {
  const parts = await newParts();
  const gone = await endpoint();
  const disabled = await endpoint();
  await endVideo();
  await deleteEndpoint(database, { id: gone.id, ownerId: owner });
  await database.webhookEndpoint.update({ where: { id: disabled.id }, data: { disabledAt: new Date() } });
  for (const { id } of [gone, disabled]) await deliver(parts, id);
  expect(received).toEqual([]);
});

describe('with jobs', () => {
  let workers: { consumer: Consumer; close(): Promise<void> }[];
  let queues: Queues;

  beforeEach(async () => {
    const producer = createRedis({ url: redis.url, role: 'producer', log });
    queues = new Queues({ redis: producer, log, prefix: redis.prefix });
    await waitFor(() => producer.status === 'ready', { timeoutMs: 20_000 });
    workers = [
      {
        consumer: undefined as never,
        close: async () => {
          await queues.close();
          producer.disconnect();
        },
      },
    ];
  });
  afterEach(async () => {
    for (const worker of workers.reverse()) await worker.close();
  });

  async function startWorker(parts: WebhookParts): Promise<void> {
    const blocking = createRedis({ url: redis.url, role: 'worker', log });
    const consumer = consume('webhook', (payload, given) => deliverWebhooks(parts, payload, given), {
      ...{ redis: blocking, log, concurrency: 4, prefix: redis.prefix },
    });
    workers.push({
      consumer,
      close: async () => {
        await consumer.close({ graceMs: 0 });
        blocking.disconnect();
      },
    });
    await consumer.ready();
  }

  const ring = () => ringWebhooks({ database, queues }, new AbortController().signal);

  test('two workers send everything, to each endpoint once, and no more at once than is set', async () => {
    const parts = await newParts({ 'webhook.concurrency': 2 });
    const endpoints = [await endpoint('/a'), await endpoint('/b')];
    for (let count = 0; count < 12; count += 1) await endVideo();
    await startWorker(parts);
    await startWorker(parts);
    await eventually(async () => {
      await ring();
      return (await database.webhookDelivery.count({ where: { state: 'pending' } })) === 0;
    });
    for (const { path, secret } of endpoints) {
      const mine = received.filter((each) => each.path === path);
      expect(mine).toHaveLength(12);
      const events = await Promise.all(mine.map((each) => unwrap(each, secret)));
      expect(new Set(events.map(({ id }) => id)).size).toBe(12);
    }
  });

  test('a receiver that does not answer holds up nobody else', async () => {
    const parts = await newParts({ 'webhook.concurrency': 2 });
    const stuck = await endpoint('/stuck');
    answers.set(stuck.path, () => undefined);
    const quick = await endpoint('/quick');
    for (let count = 0; count < 6; count += 1) await endVideo();
    await startWorker(parts);
    await ring();
    const isSent = () => database.webhookDelivery.count({ where: { endpointId: quick.id, state: 'succeeded' } });
    await eventually(async () => (await isSent()) === 6);
    // All of its own are still on their way or waiting.
    expect(received.filter(({ path }) => path === stuck.path).length).toBeLessThanOrEqual(2);
    expect(await database.webhookDelivery.count({ where: { endpointId: stuck.id, state: 'pending' } })).toBe(6);
  });
});
