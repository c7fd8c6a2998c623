/**
 * Statements that go to the driver past Prisma, over the same connections: its way there and back costs a busy process more than a
 * millisecond each. Only for those that are planned once and asked all the time; inside a transaction they go the usual way.
 */
import { Pool, type PoolConfig, types } from 'pg';
import type { Database, Queryable } from './client.js';
import type { Prisma } from './generated/prisma/client.js';
import { statementName } from './planned-once.js';

const pools = new WeakMap<Queryable, Pool>();

export function createPool(config: PoolConfig): Pool {
  const pool = new Pool(config);
  // A connection that breaks while idle is replaced by the pool; without a listener the event would end the process.
  pool.on('error', () => undefined);
  return pool;
}

/** From now on `queryDriver` asks this database over this pool. */
export function usePool(database: Database, pool: Pool): void {
  pools.set(database, pool);
}

/** The rows as Prisma would return them, as far as they are made of texts, numbers, times and arrays of these. */
export async function queryDriver<Row extends object>(database: Queryable, query: Prisma.Sql): Promise<Row[]> {
  const pool = pools.get(database);
  // After a disconnect Prisma connects anew by itself, with a pool of its own.
  if (pool === undefined || pool.ending) return database.$queryRaw<Row[]>(query);
  // Put together anew whenever it is asked for.
  const { text, values } = query;
  try {
    const { rows } = await pool.query<Row>({ name: statementName({ sql: text }), text, values, types: asPrisma });
    return rows;
  } catch (error) {
    throw isUnreachable(error) ? new UnreachableDatabase({ cause: error }) : error;
  }
}

/** The codes of Node's sockets and resolver; no SQLSTATE begins so. */
function isUnreachable(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^E[A-Z_]+$/.test(code);
}

class UnreachableDatabase extends Error {
  override readonly name = 'UnreachableDatabase';
  /** As Prisma's driver adapter calls it. */
  readonly kind = 'DatabaseNotReachable';

  constructor(options: ErrorOptions) {
    super('The database cannot be reached', options);
  }
}

const asPrisma: { getTypeParser: typeof types.getTypeParser } = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === types.builtins.INT8 && format !== 'binary' ? BigInt : types.getTypeParser(oid, format as 'text'),
};
