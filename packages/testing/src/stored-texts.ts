/** All that a database and a Redis hold, as text, for tests that search it. */
import type { Redis } from 'ioredis';
import { Client } from 'pg';

/** Every row of every table as `table {json}`. */
export async function dumpTables(databaseUrl: string): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    const texts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`SELECT row_to_json(it)::text AS text FROM ${name} AS it`);
      texts.push(...rows.map(({ text }) => `${name} ${text}`));
    }
    return texts;
  } finally {
    await client.end();
  }
}

/** Every key under the prefix with what it holds, of whatever type. */
export async function dumpRedis(redis: Redis, prefix = ''): Promise<string[]> {
  const texts: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 500);
    for (const key of keys) texts.push(`${key} ${JSON.stringify(await contentsOf(redis, key))}`);
    cursor = next;
  } while (cursor !== '0');
  return texts;
}

async function contentsOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === 'hash') return redis.hgetall(key);
  if (type === 'list') return redis.lrange(key, 0, -1);
  if (type === 'set') return redis.smembers(key);
  if (type === 'zset') return redis.zrange(key, '0', '-1');
  if (type === 'stream') return redis.xrange(key, '-', '+');
  if (type === 'string') return redis.get(key);
  // It expired meanwhile.
  if (type === 'none') return null;
  throw new Error(`This does not know how to read a key of type ${type}: ${key}`);
}
