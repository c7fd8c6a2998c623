/** A retry whose claim is written while its connection to Postgres breaks, so that the gateway does not hear of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getModel } from '@reelay/contracts/models';
import { defaultSettings } from '@reelay/contracts/settings';
import { createDatabase, type Database } from '@reelay/db/client';
import { gatherAccepts } from '@reelay/db/generations/gathered-accepts';
import { holdWaiterKey, type WaiterKey } from '@reelay/db/generations/hold-waiter-key';
import { LocalStorage } from '@reelay/platform/local-storage';
import { createLogger } from '@reelay/platform/logger';
import { Queues } from '@reelay/platform/queues';
import { closeRedis, createRedis } from '@reelay/platform/redis';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayParts } from '../gateway-parts.js';
import { MemoryBudget } from '../http/memory-budget.js';
import { VideosController } from '../openai/videos.controller.js';
import { Bell } from './bell.js';
import { type CreateGeneration, type CreateGenerationParts, createGeneration } from './create-generation.js';
import { Waiters } from './waiters.js';

const log = createLogger({ app: 'test', level: 'silent' });
let testDatabase: TestDatabase;
let redis: TestRedis;
let database: Database;
let waiterKey: WaiterKey;
let queues: Queues;
let storage: LocalStorage;
let storageDir: string;
let close: () => Promise<void>;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  database = createDatabase({ url: testDatabase.url, applicationName: 'test' });
  waiterKey = await holdWaiterKey({ url: testDatabase.url, applicationName: 'test-waiter' });
  const producer = createRedis({ url: redis.url, role: 'producer', log });
  queues = new Queues({ redis: producer, log, prefix: redis.prefix });
  storageDir = await mkdtemp(join(tmpdir(), 'reelay-create-'));
  storage = await LocalStorage.create(storageDir);
  await database.owner.create({ data: { id: 'somebody', name: 'somebody' } });
  const key = { id: 'key', ownerId: 'somebody', name: 'test', prefix: 'rly_', mac: new Uint8Array(32) };
  await database.apiKey.create({ data: key });
  close = async () => {
    await queues.close();
    await closeRedis(producer);
  };
});

afterAll(async () => {
  await close();
  await waiterKey.close();
  await rm(storageDir, { recursive: true, force: true });
  await database.$disconnect();
  await Promise.all([testDatabase.drop(), redis.close()]);
});

function newParts(): CreateGenerationParts {
  const waiters = new Waiters({ database, waiterKey, log });
  const budget = new MemoryBudget({ totalBytes: 1, patienceMs: 1 });
  return {
    ...{ database, bell: new Bell(queues), waiters, log, budget, storage },
    accepts: gatherAccepts(database),
    fetchAllow: [],
    settings: { read: async () => defaultSettings },
  };
}

const client = {
  apiKeyId: 'key',
  ownerId: 'somebody',
  allowedModels: null,
  allowedKinds: null,
  requestsPerMinute: null,
};

const command = (prompt: string, retryCount: number): CreateGeneration => ({
  client,
  dialect: 'videos',
  route: 'POST /v1/videos',
  model: getModel('sora2-landscape-10s'),
  input: { prompt, promptParam: 'prompt', media: [] },
  marks: { retryCount },
  isGone: () => false,
});

/** Its next `count` transactions are committed, and the connection is gone before that is heard. */
function losingCommits(count: number): Database {
  let left = count;
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== '$transaction' || typeof value !== 'function' || left === 0) return value;
      return async (...given: unknown[]) => {
        left -= 1;
        await Reflect.apply(value, target, given);
        throw Object.assign(new Error('Server has closed the connection.'), { code: 'P1017' });
      };
    },
  });
}

test('a claim whose commit was not heard of is found by the same retry', async () => {
  const parts = newParts();
  const first = await createGeneration(parts, command('lost once', 0));
  await first.settle(false);
  const retried = await createGeneration({ ...parts, database: losingCommits(1) }, command('lost once', 1));
  expect(retried.id).toBe(first.id);
});

test('or by the next one, when the database stayed away', async () => {
  const parts = newParts();
  const first = await createGeneration(parts, command('lost twice', 0));
  await first.settle(false);
  const lost = createGeneration({ ...parts, database: losingCommits(2) }, command('lost twice', 1));
  await expect(lost).rejects.toMatchObject({ code: 'P1017' });
  expect((await createGeneration(parts, command('lost twice', 2))).id).toBe(first.id);
});

test('what a request of this process waits for is no lost claim', async () => {
  const parts = newParts();
  const first = await createGeneration(parts, command('waited for', 0));
  await first.settle(false);
  const ids = await Promise.all(
    [1, 1, 1].map(async (count) => (await createGeneration(parts, command('waited for', count))).id),
  );
  expect(new Set(ids).size).toBe(3);
  expect(ids).toContain(first.id);
});

test('a video that was accepted but cannot be shown is named in the error', async () => {
  const unreadable = async () => Promise.reject(Object.assign(new Error('gone'), { code: 'P1017' }));
  // What the route does not reach for is left out.
  const parts = {
    ...newParts(),
    links: { expiryOf: async () => null },
    lines: { findPlace: unreadable },
    publicUrl: 'https://x.example',
  };
  const raw = new IncomingMessage(new Socket());
  const request = { headers: {}, raw } as unknown as FastifyRequest;
  const reply = { raw: new ServerResponse(raw) } as unknown as FastifyReply;
  const body = { prompt: 'not shown', model: 'sora2-landscape-10s' };
  const answer = new VideosController(parts as unknown as GatewayParts).create(body, client, request, reply);
  const error: unknown = await answer.catch((thrown: unknown) => thrown);
  const [row] = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation WHERE request->>'prompt' = 'not shown' AND attachable = 1`;
  const id = `video_${row?.id}`;
  const details = { generation_id: id, url: `https://x.example/v1/generations/${id}` };
  expect(error).toMatchObject({ code: 'service_unavailable', details });
});

test('groups that wait for each other leave the rest of the pool to others', async () => {
  const holder = createDatabase({ url: testDatabase.url, applicationName: 'test-holder', poolSize: 1 });
  const pool = createDatabase({ url: testDatabase.url, applicationName: 'test-small-pool', poolSize: 4 });
  const parts = { ...newParts(), database: pool };
  const waiting = async () => {
    const [row] = await database.$queryRaw<[{ count: number }]>`
      SELECT count(*)::integer AS count FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'test-small-pool' AND wait_event_type = 'Lock'`;
    return row.count;
  };
  const released = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = holder.$transaction(
    async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended('admission of groups', 0))::text`;
      held.resolve();
      await released.promise;
    },
    { timeout: 60_000 },
  );
  await held.promise;
  // The one that waits has eight seconds.
  const groups = Array.from({ length: 30 }, (_, n) =>
    createGeneration(parts, { ...command(`group ${n}`, 0), count: 2 }),
  );
  const all = Promise.all(groups);
  try {
    await waitFor(async () => (await waiting()) === 1, { timeoutMs: 10_000 });
    expect(await Promise.all(Array.from({ length: 8 }, () => pool.owner.count()))).toEqual(Array(8).fill(1));
    expect(await waiting()).toBe(1);
  } finally {
    released.resolve();
    await holding;
  }
  expect((await all).map(({ members }) => members.length)).toEqual(Array(30).fill(2));
  await Promise.all([holder.$disconnect(), pool.$disconnect()]);
});
