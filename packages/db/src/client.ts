/** The database client. Every connection of every app carries the timeouts that keep one stuck statement from stopping the pool. */
import { PrismaPg } from '@prisma/adapter-pg';
import { createPool, usePool } from './driver.js';
import { Prisma, PrismaClient } from './generated/prisma/client.js';
import { statementName } from './planned-once.js';

export type Database = PrismaClient;
/** The client inside a transaction; functions that only need statements take `Queryable`. */
export type Transaction = Prisma.TransactionClient;
export type Queryable = Database | Transaction;

export interface DatabaseOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** Connections at most. */
  poolSize?: number;
  /** After this time without an answer the connection counts as dead. Above the server's own statement timeout. */
  queryTimeoutMs?: number;
}

const sessionOptions =
  '-c statement_timeout=10000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=5000 -c timezone=UTC';

export function createDatabase(options: DatabaseOptions): Database {
  const pool = createPool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolSize ?? 10,
    options: sessionOptions,
    connectionTimeoutMillis: 5_000,
    // A host that vanishes sends no reset: without this, a query would wait for TCP to give up, a quarter of an hour.
    query_timeout: options.queryTimeoutMs ?? 15_000,
    keepAlive: true,
  });
  const adapter = new PrismaPg(pool, {
    disposeExternalPool: true,
    // As of the pool: a connection that breaks is replaced.
    ...{ onPoolError: () => undefined, onConnectionError: () => undefined, statementNameGenerator: statementName },
  });
  const database = new PrismaClient({ adapter });
  usePool(database, pool);
  return database;
}
