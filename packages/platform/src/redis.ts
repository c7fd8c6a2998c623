import { Redis } from 'ioredis';
import type { Logger } from './logger.js';

/**
 * - `producer`: commands fail at once while Redis is away, because every row is its own outbox and a timer rings later.
 * - `worker`: commands wait for Redis to come back; BullMQ's consumers need that.
 * - `subscriber`: like a worker, and subscriptions are restored after a reconnect.
 */
export type RedisRole = 'producer' | 'worker' | 'subscriber';

export interface RedisOptions {
  readonly url: string;
  readonly role: RedisRole;
  readonly log: Logger;
}

const CONNECT_TIMEOUT_MS = 5_000;
const PRODUCER_COMMAND_TIMEOUT_MS = 3_000;
const LONGEST_BACK_OFF_MS = 3_000;

export function createRedis({ url, role, log }: RedisOptions): Redis {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    retryStrategy: (attempt) => Math.min(100 * 2 ** Math.min(attempt - 1, 10), LONGEST_BACK_OFF_MS),
    ...(role === 'producer'
      ? { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: PRODUCER_COMMAND_TIMEOUT_MS }
      : { enableOfflineQueue: true, maxRetriesPerRequest: null }),
  });
  logOutages(redis, role, log);
  return redis;
}

/** Closes without waiting for a server that does not answer. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') return redis.disconnect();
  await Promise.race([redis.quit(), new Promise((resolve) => setTimeout(resolve, 1_000).unref())]).catch(() => {});
  redis.disconnect();
}

/** ioredis repeats its error at every attempt; an outage deserves one line when it begins and one when it ends. */
export function logOutages(redis: Redis, role: string, log: Logger): void {
  let isDown = false;
  redis.on('error', (error: Error) => {
    if (!isDown) log.warn({ error, role }, 'Redis is not reachable, trying again until it is');
    isDown = true;
  });
  redis.on('ready', () => {
    if (isDown) log.info({ role }, 'Redis is back');
    isDown = false;
  });
}
