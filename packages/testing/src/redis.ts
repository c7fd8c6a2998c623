/** A corner of the shared Redis that belongs to one test file: its own key prefix, removed at the end. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

export interface TestRedis {
  /** Of the shared server, for code that opens its own connections; it must be told the prefix too. */
  url: string;
  /** Also good as a prefix of channel names and as BullMQ's `prefix`. */
  prefix: string;
  client: Redis;
  /** Removes every key under the prefix and closes the client. */
  close(): Promise<void>;
}

/** The throw-away server; never a Redis that happens to listen on the usual port, which may be somebody's own. */
export function testRedisUrl(url = process.env.TEST_REDIS_URL): string {
  if (url) return url;
  throw new Error('TEST_REDIS_URL is not set: run the tests through `npm test`, which starts a throw-away Redis.');
}

/** Uses the server that TEST_REDIS_URL names. The client does not add the prefix by itself: BullMQ forbids that. */
export async function openTestRedis(serverUrl?: string): Promise<TestRedis> {
  const url = testRedisUrl(serverUrl);
  const prefix = `test-${randomBytes(6).toString('hex')}:`;
  const client = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true });
  await client.connect();
  return {
    url,
    prefix,
    client,
    close: async () => {
      await removeKeys(client, prefix);
      await client.quit();
    },
  };
}

async function removeKeys(client: Redis, prefix: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 500);
    if (keys.length > 0) await client.unlink(keys);
    cursor = next;
  } while (cursor !== '0');
}
