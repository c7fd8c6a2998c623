import { type GenerationEvent, isTerminalEvent } from '@reelay/contracts/events';
import { defaultSettings } from '@reelay/contracts/settings';
import { createDatabase, type Database } from '@reelay/db/client';
import { insertGeneration } from '@reelay/db/factories/insert-generation';
import { endGeneration, type GenerationEnd } from '@reelay/db/generations/end-generation';
import { type ProgressUpdate, progressGenerations } from '@reelay/db/generations/progress-generations';
import { inTransaction } from '@reelay/db/transaction';
import { createLogger } from '@reelay/platform/logger';
import { EventPublisher, EventSubscriber } from '@reelay/platform/messages';
import { closeRedis, createRedis } from '@reelay/platform/redis';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { FaultProxy } from '@reelay/testing/fault-proxy';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import { WatchHub } from './watch-hub.js';

const log = createLogger({ app: 'test', level: 'silent' });
let testDatabase: TestDatabase;
let redis: TestRedis;
let database: Database;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  database = createDatabase({ url: testDatabase.url, applicationName: 'test' });
});

afterAll(async () => {
  await database.$disconnect();
  await Promise.all([testDatabase.drop(), redis.close()]);
});

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface HubOptions {
  recheckMs?: number;
  redisUrl?: string;
  hubDatabase?: Database;
}

function openHub({ recheckMs = 60_000, redisUrl = redis.url, hubDatabase = database }: HubOptions = {}) {
  const connection = createRedis({ url: redisUrl, role: 'subscriber', log });
  const producer = createRedis({ url: redis.url, role: 'producer', log });
  const subscriber = new EventSubscriber({ redis: connection, log, prefix: redis.prefix });
  const publisher = new EventPublisher({ redis: producer, log, prefix: redis.prefix });
  const settings = { read: async () => ({ ...defaultSettings, 'stream.recheckMs': recheckMs }) };
  const hub = new WatchHub({ database: hubDatabase, subscriber, settings, log });
  open.push(async () => {
    hub.close();
    await Promise.all([closeRedis(connection), closeRedis(producer)]);
  });
  return { hub, publisher, connection, isReady: () => connection.status === 'ready' && producer.status === 'ready' };
}

interface Watching {
  seen: GenerationEvent[];
  done: Promise<void>;
  stop(): void;
}

function follow(hub: WatchHub, generationId: string, afterSeq = 0): Watching {
  const stopping = new AbortController();
  const seen: GenerationEvent[] = [];
  const done = (async () => {
    for await (const events of hub.watch(generationId, afterSeq, stopping.signal)) seen.push(...events);
  })();
  open.push(() => stopping.abort());
  return { seen, done, stop: () => stopping.abort() };
}

const seqs = (watching: Watching) => watching.seen.map((event) => event.seq);
const seconds = (count: number) => ({ timeoutMs: count * 1_000, intervalMs: 10 });

async function write(update: ProgressUpdate) {
  const [written] = await progressGenerations(database, [update]);
  if (!written) throw new Error('nothing was written');
  return written.event;
}

const render = (generationId: string, progress: number) => write({ generationId, stage: 'rendering', progress });

async function finish(generationId: string): Promise<GenerationEvent> {
  const end: GenerationEnd = { state: 'succeeded', result: { media: [] } };
  const ended = await inTransaction(database, (tx) => endGeneration(tx, generationId, end));
  if (!ended) throw new Error('it had ended before');
  return ended.event;
}

test('a watcher gets what was before it came and what happens after, in order and once, and its end', async () => {
  const { hub, publisher, isReady } = openHub();
  await waitFor(isReady, seconds(5));
  const id = await insertGeneration(database);
  await render(id, 10);
  const watching = follow(hub, id);
  await waitFor(() => seqs(watching).length === 2, seconds(5));
  for (const event of [await render(id, 20), await render(id, 30), await finish(id)])
    await publisher.publish(id, event);
  await watching.done;
  expect(seqs(watching)).toEqual([1, 2, 3, 4, 5]);
  expect(watching.seen.filter(isTerminalEvent)).toHaveLength(1);
});

test('messages that come twice or in the wrong order change nothing', async () => {
  const { hub, publisher, isReady } = openHub();
  await waitFor(isReady, seconds(5));
  const id = await insertGeneration(database);
  const watching = follow(hub, id);
  await waitFor(() => seqs(watching).length === 1, seconds(5));
  const events = [await render(id, 20), await render(id, 30), await render(id, 40), await finish(id)];
  for (const event of [events[2]!, events[2]!, events[0]!, events[3]!, events[1]!]) await publisher.publish(id, event);
  await watching.done;
  expect(seqs(watching)).toEqual([1, 2, 3, 4, 5]);
});

test('a lost message is found when the next one comes', async () => {
  const { hub, publisher, isReady } = openHub();
  await waitFor(isReady, seconds(5));
  const id = await insertGeneration(database);
  const watching = follow(hub, id);
  await waitFor(() => seqs(watching).length === 1, seconds(5));
  await render(id, 20);
  await publisher.publish(id, await render(id, 30));
  await waitFor(() => seqs(watching).length === 3, seconds(5));
  expect(seqs(watching)).toEqual([1, 2, 3]);
});

test('when every message is lost, the end included, the recheck finds them', async () => {
  const { hub } = openHub({ recheckMs: 100 });
  const id = await insertGeneration(database);
  const watching = follow(hub, id);
  await waitFor(() => seqs(watching).length === 1, seconds(5));
  await render(id, 20);
  await waitFor(() => seqs(watching).length === 2, seconds(2));
  await finish(id);
  await watching.done;
  expect(seqs(watching)).toEqual([1, 2, 3]);
});

test('a false message costs nothing', async () => {
  const { hub, publisher, isReady } = openHub();
  await waitFor(isReady, seconds(5));
  const id = await insertGeneration(database);
  const watching = follow(hub, id);
  await waitFor(() => seqs(watching).length === 1, seconds(5));
  await publisher.publish(id, { type: 'generation.progressed', seq: 77, data: { stage: 'rendering', progress: 77 } });
  await publisher.publish(id, await render(id, 20));
  await waitFor(() => seqs(watching).length === 2, seconds(5));
  expect(seqs(watching)).toEqual([1, 2]);
});

test('a watcher that comes back with its cursor gets only what it has not seen', async () => {
  const { hub } = openHub();
  const id = await insertGeneration(database);
  await render(id, 10);
  await finish(id);
  const watching = follow(hub, id, 2);
  await watching.done;
  expect(seqs(watching)).toEqual([3]);
});

test('many watchers of one generation each get all of it, and one that leaves takes nobody along', async () => {
  const { hub, publisher, isReady } = openHub();
  await waitFor(isReady, seconds(5));
  const id = await insertGeneration(database);
  const all = Array.from({ length: 20 }, () => follow(hub, id));
  await waitFor(() => all.every((watching) => watching.seen.length === 1), seconds(5));
  all[0]!.stop();
  await all[0]!.done;
  for (const event of [await render(id, 50), await finish(id)]) await publisher.publish(id, event);
  await Promise.all(all.map((watching) => watching.done));
  for (const watching of all.slice(1)) expect(seqs(watching)).toEqual([1, 2, 3]);
});

test('with Redis away from the beginning a watcher lives on rows', async () => {
  const { hub } = openHub({ recheckMs: 100, redisUrl: 'redis://127.0.0.1:1' });
  const id = await insertGeneration(database);
  const watching = follow(hub, id);
  await waitFor(() => seqs(watching).length === 1, seconds(5));
  await finish(id);
  await watching.done;
  expect(seqs(watching)).toEqual([1, 2]);
});

test('after Redis was cut off the watchers catch up and live messages flow again', async () => {
  const proxy = await FaultProxy.open(redis.url);
  open.push(() => proxy.close());
  const { hub, publisher, connection, isReady } = openHub({ redisUrl: proxy.through(redis.url) });
  await waitFor(isReady, seconds(5));
  const id = await insertGeneration(database);
  const watching = follow(hub, id);
  await waitFor(() => seqs(watching).length === 1, seconds(5));
  proxy.set({ isRefusing: true });
  proxy.reset();
  await waitFor(() => connection.status !== 'ready', seconds(5));
  await publisher.publish(id, await render(id, 20));
  proxy.heal();
  await waitFor(() => seqs(watching).length === 2, seconds(10));
  await publisher.publish(id, await finish(id));
  await watching.done;
  expect(seqs(watching)).toEqual([1, 2, 3]);
});

test('while Postgres is away the watcher stays and goes on when it is back', async () => {
  const proxy = await FaultProxy.open(testDatabase.url);
  open.push(() => proxy.close());
  const hubDatabase = createDatabase({ url: proxy.through(testDatabase.url), applicationName: 'test' });
  open.push(() => hubDatabase.$disconnect());
  const { hub } = openHub({ recheckMs: 100, hubDatabase });
  const id = await insertGeneration(database);
  proxy.set({ isRefusing: true });
  const watching = follow(hub, id);
  await finish(id);
  proxy.heal();
  await watching.done;
  expect(seqs(watching)).toEqual([1, 2]);
});

test('waiting for the end ends with it, or with the signal', async () => {
  const { hub } = openHub({ recheckMs: 100 });
  const id = await insertGeneration(database);
  expect(await hub.waitForEnd(id, AbortSignal.timeout(50))).toBeUndefined();
  const end = hub.waitForEnd(id, AbortSignal.timeout(10_000));
  await finish(id);
  expect(await end).toMatchObject({ type: 'generation.succeeded', seq: 2 });
});

test('a generation that was deleted ends the watch with an error instead of silence', async () => {
  const { hub } = openHub({ recheckMs: 100 });
  await expect(hub.waitForEnd('01J00000000000000000000000', AbortSignal.timeout(10_000))).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('a failure that is no outage ends the watch with an error instead of trying for ever', async () => {
  const withoutTables = new URL(testDatabase.url);
  withoutTables.pathname = '/postgres';
  const hubDatabase = createDatabase({ url: withoutTables.href, applicationName: 'test' });
  open.push(() => hubDatabase.$disconnect());
  const { hub } = openHub({ hubDatabase });
  const id = await insertGeneration(database);
  await expect(hub.waitForEnd(id, AbortSignal.timeout(3_000))).rejects.toThrow(/does not exist/);
});
