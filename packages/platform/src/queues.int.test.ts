import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { AppError } from '@reelay/contracts/errors';
import type { QueueName } from '@reelay/contracts/jobs';
import { testRedisUrl } from '@reelay/testing/redis';
import type { Redis } from 'ioredis';
import { type Consumer, consume, type JobHandler } from './consume.js';
import { createLogger } from './logger.js';
import { Queues } from './queues.js';
import { createRedis } from './redis.js';

const url = testRedisUrl();
const log = createLogger({ app: 'test', write: () => {} });
const opened: Redis[] = [];
const consumers: Consumer[] = [];
let prefix: string;
let queues: Queues;

beforeEach(async () => {
  prefix = `test-${randomUUID()}`;
  queues = new Queues({ redis: await connect('producer'), log, prefix });
});

afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close({ graceMs: 2_000 })));
  await queues.close();
  for (const redis of opened.splice(0)) redis.disconnect();
});

async function connect(role: 'producer' | 'worker'): Promise<Redis> {
  const redis = createRedis({ url, role, log });
  opened.push(redis);
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
  return redis;
}

async function startConsumer<Name extends QueueName>(name: Name, handler: JobHandler<Name>, concurrency = 5) {
  const redis = await connect('worker');
  const consumer = consume(name, handler, {
    redis,
    log,
    concurrency,
    prefix,
    lockDurationMs: 1_000,
    stalledIntervalMs: 300,
  });
  consumers.push(consumer);
  await consumer.ready();
  return consumer;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 15 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A promise that a test resolves when a handler may go on. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('many thousand rows are taken in portions, each once', async () => {
  const payloads = Array.from({ length: 1_203 }, (_, index) => ({ generationId: `g${index}` }));
  expect(await queues.enqueueMany('run', payloads)).toBe(true);
  expect(await queues.enqueueMany('run', payloads)).toBe(true);
  expect((await queues.counts('run')).wait).toBe(payloads.length);
});

test('hands the payload to the handler once, whatever rings how often before it starts', async () => {
  for (let ring = 0; ring < 5; ring += 1) expect(await queues.enqueue('run', { generationId: 'a' })).toBe(true);
  await queues.enqueueMany('run', [{ generationId: 'a' }, { generationId: 'b' }]);
  const seen: string[] = [];
  await startConsumer('run', async ({ generationId }) => {
    seen.push(generationId);
    return undefined;
  });
  await until(async () => (await idle('run')) && seen.length >= 2, 'both subjects ran');
  expect(seen.sort()).toEqual(['a', 'b']);
});

async function idle(name: QueueName): Promise<boolean> {
  const { wait, active, delayed } = await queues.counts(name);
  return wait === 0 && active === 0 && delayed === 0;
}

test('bells that ring while the job runs mean exactly one more round, never two at once', async () => {
  const first = gate();
  let rounds = 0;
  let running = 0;
  let mostRunning = 0;
  await startConsumer('poll', async () => {
    rounds += 1;
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    if (rounds === 1) await first.opened;
    running -= 1;
    return undefined;
  });
  await queues.enqueue('poll', { tokenId: 't' });
  await until(() => rounds === 1, 'the first round began');
  for (let ring = 0; ring < 4; ring += 1) await queues.enqueue('poll', { tokenId: 't' });
  first.open();
  await until(async () => rounds >= 2 && (await idle('poll')), 'the further round ended');
  expect({ rounds, mostRunning }).toEqual({ rounds: 2, mostRunning: 1 });
});

test('a finished subject can be rung again', async () => {
  let rounds = 0;
  await startConsumer('finish', async () => {
    rounds += 1;
    return undefined;
  });
  for (let expected = 1; expected <= 3; expected += 1) {
    await queues.enqueue('finish', { generationId: 'g' });
    await until(async () => rounds === expected && (await idle('finish')), `round ${expected}`);
  }
});

test('a job that asks for more comes back after its time, as long as it asks', async () => {
  const startedAt: number[] = [];
  await startConsumer('poll', async () => {
    startedAt.push(Date.now());
    return startedAt.length < 4 ? { againInMs: 60 } : undefined;
  });
  await queues.enqueue('poll', { tokenId: 't' });
  await until(async () => startedAt.length === 4 && (await idle('poll')), 'four rounds');
  const gaps = startedAt.slice(1).map((time, index) => time - (startedAt[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(55);
});

test('a delayed job is left alone by a plain ring and brought forward by one that asks for it', async () => {
  let rounds = 0;
  await startConsumer('poll', async () => {
    rounds += 1;
    return rounds === 1 ? { againInMs: 3_600_000 } : undefined;
  });
  await queues.enqueue('poll', { tokenId: 't' });
  await until(async () => (await queues.counts('poll')).delayed === 1, 'the re-delay');
  await queues.enqueue('poll', { tokenId: 't' });
  expect(await queues.counts('poll')).toMatchObject({ delayed: 1, wait: 0 });
  await queues.enqueue('poll', { tokenId: 't' }, { bringForward: true });
  await until(() => rounds === 2, 'the round brought forward');
});

test('what a process with a clock far ahead has delayed is brought forward, and nothing that is delayed as long as it may be', async () => {
  const rounds: string[] = [];
  await startConsumer('poll', async ({ tokenId }) => {
    rounds.push(tokenId);
    return rounds.length <= 2 ? { againInMs: tokenId === 'late' ? 300_000 : 60_000 } : undefined;
  });
  const tokens = [{ tokenId: 'late' }, { tokenId: 'in time' }, { tokenId: 'nobody' }];
  for (const each of tokens.slice(0, 2)) await queues.enqueue('poll', each);
  await until(async () => (await queues.counts('poll')).delayed === 2, 'both to be delayed');
  expect(await queues.bringForwardLate('poll', tokens, 90_000)).toBe(1);
  await until(() => rounds.length === 3, 'the round brought forward');
  expect(rounds[2]).toBe('late');
  expect(await queues.bringForwardLate('poll', tokens, 90_000)).toBe(0);
  expect(await queues.counts('poll')).toMatchObject({ delayed: 1 });
});

test('a bell during a round that then re-delays itself is not lost', async () => {
  const first = gate();
  let rounds = 0;
  await startConsumer('poll', async () => {
    rounds += 1;
    if (rounds > 1) return undefined;
    await first.opened;
    return { againInMs: 3_600_000 };
  });
  await queues.enqueue('poll', { tokenId: 't' });
  await until(() => rounds === 1, 'the first round began');
  await queues.enqueue('poll', { tokenId: 't' }, { bringForward: true });
  first.open();
  await until(async () => rounds === 2 && (await idle('poll')), 'the round the bell asked for');
});

test('a job can be put off from the beginning', async () => {
  let ranAt = 0;
  await startConsumer('run', async () => {
    ranAt = Date.now();
    return undefined;
  });
  const enqueuedAt = Date.now();
  await queues.enqueue('run', { generationId: 'g' }, { delayMs: 150 });
  await until(() => ranAt > 0, 'the run');
  expect(ranAt - enqueuedAt).toBeGreaterThanOrEqual(145);
});

test('a failed round is repeated; a refusal that cannot change is not', async () => {
  const tries = { flaky: 0, hinted: 0, hopeless: 0 };
  await startConsumer('run', async ({ generationId }) => {
    const tried = ++tries[generationId as keyof typeof tries];
    if (generationId === 'hopeless') throw new AppError('not_found', 'gone');
    if (tried < 2 && generationId === 'hinted')
      throw new AppError('service_unavailable', 'later', { retryAfterMs: 20 });
    if (tried < 2) throw new Error('database away');
    return undefined;
  });
  await queues.enqueueMany('run', [
    { generationId: 'flaky' },
    { generationId: 'hinted' },
    { generationId: 'hopeless' },
  ]);
  await until(async () => tries.flaky === 2 && tries.hinted === 2 && (await idle('run')), 'all ended');
  expect(tries.hopeless).toBe(1);
  expect(await queues.counts('run')).toMatchObject({ failed: 1 });
});

test('a job whose worker was killed is taken over by another', async () => {
  const script = `
    const { consume } = require('./dist/consume.js');
    const { createRedis } = require('./dist/redis.js');
    const { createLogger } = require('./dist/logger.js');
    const log = createLogger({ app: 'victim', write: () => {} });
    consume('run', () => { process.stdout.write('taken'); return new Promise(() => {}); }, {
      redis: createRedis({ url: '${url}', role: 'worker', log }), log, concurrency: 1, prefix: '${prefix}', lockDurationMs: 1000, stalledIntervalMs: 300 });`;
  const victim = spawn(process.execPath, ['-e', script], {
    cwd: `${__dirname}/..`,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const taken = new Promise((resolve) => victim.stdout.once('data', resolve));
  await queues.enqueue('run', { generationId: 'g' });
  await taken;
  victim.kill('SIGKILL');
  let rounds = 0;
  await startConsumer('run', async () => {
    rounds += 1;
    return undefined;
  });
  await until(() => rounds === 1, 'the take-over');
});

test('a consumer that leaves aborts what does not end and puts it back for the next', async () => {
  let takes = 0;
  const consumer = await startConsumer('run', (_payload, { signal }) => {
    takes += 1;
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('leaving'))));
  });
  await queues.enqueue('run', { generationId: 'g' });
  await until(() => takes === 1, 'the first take');
  await consumer.close({ graceMs: 20 });
  expect(await queues.counts('run')).toMatchObject({ wait: 1, active: 0, failed: 0 });
});

test('what was flushed out of Redis can be rung again at once, also for a job that was running', async () => {
  const first = gate();
  let rounds = 0;
  await startConsumer('poll', async () => {
    rounds += 1;
    if (rounds === 1) await first.opened;
    return undefined;
  });
  await queues.enqueue('poll', { tokenId: 't' });
  await until(() => rounds === 1, 'the first round began');
  const redis = await connect('producer');
  for (const key of await redis.keys(`${prefix}:*`)) await redis.del(key);
  await queues.enqueue('poll', { tokenId: 't' });
  await until(() => rounds === 2, 'the round after the flush');
  first.open();
  await until(() => idle('poll'), 'quiet');
});

test('with Redis away a ring fails at once and says so', async () => {
  const dead = createRedis({ url: 'redis://127.0.0.1:1', role: 'producer', log });
  opened.push(dead);
  const startedAt = performance.now();
  expect(await new Queues({ redis: dead, log }).enqueue('dispatch', {})).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
