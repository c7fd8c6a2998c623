import { randomUUID } from 'node:crypto';
import type { GenerationEvent } from '@reelay/contracts/events';
import { testRedisUrl } from '@reelay/testing/redis';
import type { Redis } from 'ioredis';
import { createLogger } from './logger.js';
import { EventPublisher, EventSubscriber } from './messages.js';
import { createRedis } from './redis.js';

const url = testRedisUrl();
const log = createLogger({ app: 'test', write: () => {} });
const event = (seq: number): GenerationEvent => ({ type: 'generation.queued', seq, data: {} });
const opened: Redis[] = [];
let publisher: EventPublisher;
let subscriber: EventSubscriber;
let subscribing: Redis;
let producing: Redis;

beforeEach(async () => {
  const prefix = `test-${randomUUID()}`;
  producing = await connect('producer');
  subscribing = await connect('subscriber');
  publisher = new EventPublisher({ redis: producing, log, prefix });
  subscriber = new EventSubscriber({ redis: subscribing, log, prefix });
});

afterEach(() => {
  for (const redis of opened.splice(0)) redis.disconnect();
});

async function connect(role: 'producer' | 'subscriber'): Promise<Redis> {
  const redis = createRedis({ url, role, log });
  opened.push(redis);
  await new Promise((resolve) => redis.once('ready', resolve));
  return redis;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('every watcher of a generation gets its events in order, and of no other', async () => {
  const [first, second]: number[][] = [[], []];
  await Promise.all([
    subscriber.subscribe('a', ({ seq }) => first?.push(seq)),
    subscriber.subscribe('a', ({ seq }) => second?.push(seq)),
  ]);
  for (const seq of [1, 2, 3]) await publisher.publish('a', event(seq));
  await publisher.publish('b', event(9));
  await publisher.publish('a', event(4));
  await until(() => second?.length === 4, 'all events');
  expect([first, second]).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
});

test('a watcher that left gets nothing more, the others do', async () => {
  const [left, stayed]: number[][] = [[], []];
  const leave = await subscriber.subscribe('a', ({ seq }) => left?.push(seq));
  await subscriber.subscribe('a', ({ seq }) => stayed?.push(seq));
  leave();
  await publisher.publish('a', event(1));
  await until(() => stayed?.length === 1, 'the event');
  expect(left).toEqual([]);
});

test('after the last watcher left, the channel is left too, and can be watched again', async () => {
  const leave = await subscriber.subscribe('a', () => {});
  leave();
  leave();
  const seen: number[] = [];
  await subscriber.subscribe('a', ({ seq }) => seen.push(seq));
  await publisher.publish('a', event(1));
  await until(() => seen.length === 1, 'the event');
});

test('after a cut connection messages flow again and the watchers are told to look', async () => {
  const seen: number[] = [];
  let reconnects = 0;
  subscriber.onReconnect(() => {
    reconnects += 1;
  });
  await subscriber.subscribe('a', ({ seq }) => seen.push(seq));
  subscribing.disconnect(true);
  await until(() => reconnects === 1, 'the reconnect');
  let seq = 0;
  await until(() => {
    void publisher.publish('a', event(++seq));
    return seen.length > 0;
  }, 'an event after the reconnect');
});

test('a watcher that throws and a message of an unknown form disturb nobody', async () => {
  const seen: number[] = [];
  await subscriber.subscribe('a', () => {
    throw new Error('watcher bug');
  });
  await subscriber.subscribe('a', ({ seq }) => seen.push(seq));
  await publisher.publish('a', { type: 'generation.exploded' } as unknown as GenerationEvent);
  await publisher.publish('a', event(1));
  await until(() => seen.length === 1, 'the event');
});

test('publishing never throws and watching never hangs while Redis is away', async () => {
  producing.disconnect();
  await publisher.publish('a', event(1));
  const dead = createRedis({ url: 'redis://127.0.0.1:1', role: 'subscriber', log });
  opened.push(dead);
  const leave = await new EventSubscriber({ redis: dead, log }).subscribe('a', () => {});
  leave();
});
