import { randomUUID } from 'node:crypto';
import { beginSend } from '@reelay/db/attempts/begin-send';
import { insertAssigned, insertGeneration } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { Queues } from '@reelay/platform/queues';
import { createRedis } from '@reelay/platform/redis';
import { RedisMark } from '@reelay/platform/redis-mark';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import type { Redis } from 'ioredis';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { noticeLostJobs } from './notice-lost-jobs.js';
import type { Timer } from './timer-loop.js';

let file: TestFile;
let redis: TestRedis;
let worker: TestWorker;
let producer: Redis;
let queues: Queues;
let prefix: string;
let watch: Timer;

beforeAll(async () => {
  file = await openTestFile();
  redis = await openTestRedis();
});
afterAll(async () => {
  await redis.close();
  await file.close();
});
beforeEach(async () => {
  worker = await file.startWorker();
  await file.database.$executeRaw`TRUNCATE generation, submit_attempt, token_slot CASCADE`;
  prefix = `${redis.prefix}${randomUUID()}`;
  const { log } = worker.context;
  producer = createRedis({ url: redis.url, role: 'producer', log });
  await waitFor(() => producer.status === 'ready', { timeoutMs: 20_000 });
  queues = new Queues({ redis: producer, log, prefix });
  const mark = new RedisMark({ redis: producer, prefix });
  watch = noticeLostJobs({ database: file.database, queues }, { mark, log, periodMs: 20 });
});
afterEach(async () => {
  await watch.close();
  await queues.close();
  producer.disconnect();
});

const names = ['run', 'poll', 'finish', 'dispatch'] as const;
const jobs = async () => {
  const counts = await Promise.all(names.map((name) => queues.counts(name)));
  return Object.fromEntries(
    names.map((name, index) => [name, (counts[index]?.wait ?? 0) + (counts[index]?.delayed ?? 0)]),
  );
};
const isMarked = async () => (await redis.client.get(`${prefix}:jobs-made`)) === 'made';
const flush = async () => {
  const keys = await redis.client.keys(`${prefix}*`);
  await redis.client.del(keys);
};

async function insertWork(): Promise<void> {
  const tokenId = await insertToken(file.database);
  await insertAssigned(file.database, { tokenId });
  const sent = await insertAssigned(file.database, { tokenId });
  await beginSend(file.database, sent);
  const made = await insertAssigned(file.database, { tokenId });
  const fetching = { state: 'running', stage: 'fetching', seq: 2 };
  await file.database.generation.update({ where: { id: made.generationId }, data: fetching });
  await insertGeneration(file.database);
}

it('jobs that Redis lost are made at once, each once, and the bell rings', async () => {
  await waitFor(isMarked, { timeoutMs: 20_000 });
  await insertWork();
  await flush();
  await waitFor(isMarked, { timeoutMs: 20_000 });
  // Assigned and sent have a run job, the account one poll job, what was made a finish job, what waits none.
  expect(await jobs()).toEqual({ run: 2, poll: 1, finish: 1, dispatch: 1 });
  await flush();
  await waitFor(isMarked, { timeoutMs: 20_000 });
  expect(await jobs()).toEqual({ run: 2, poll: 1, finish: 1, dispatch: 1 });
});

it('a Redis that was away may have come back with less than it had', async () => {
  await waitFor(isMarked, { timeoutMs: 20_000 });
  await insertWork();
  expect((await jobs()).run).toBe(0);
  await redis.client.call('CLIENT', 'KILL', 'ID', String(await producer.client('ID')));
  await waitFor(async () => (await jobs().catch(() => undefined))?.run === 2, { timeoutMs: 20_000 });
});

it('with several workers at once the jobs are the same', async () => {
  const { log } = worker.context;
  await waitFor(isMarked, { timeoutMs: 20_000 });
  await insertWork();
  const others = Array.from({ length: 4 }, () =>
    noticeLostJobs(
      { database: file.database, queues },
      { mark: new RedisMark({ redis: producer, prefix }), log, periodMs: 5 },
    ),
  );
  for (let flushes = 0; flushes < 5; flushes += 1) {
    await flush();
    await waitFor(isMarked, { timeoutMs: 20_000 });
  }
  await Promise.all(others.map((other) => other.close()));
  expect(await jobs()).toEqual({ run: 2, poll: 1, finish: 1, dispatch: 1 });
});
