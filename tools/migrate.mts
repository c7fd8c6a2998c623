// `npm run db:migrate`: brings the database of DATABASE_URL, or else Reelay's own in the data folder, to the newest schema.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { root } from './infra/paths.mts';
import { withOwnDatabase } from './own-database.mts';

export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

// The id that Prisma's own command line locks, so that the two never run at once.
const migrationLock = 72_707_369;

/**
 * Applies what `prisma migrate deploy` would, into the same table, with `pg` alone; creates the database if it is missing.
 * Several may run at once: one applies, the others wait and find nothing to do.
 *
 * @returns the names of the migrations it applied
 */
export async function migrate(url: string, migrations = readMigrations()): Promise<string[]> {
  const client = await connectOrCreate(url);
  try {
    // Bounds the wait for a hanging migration elsewhere, and keeps a migration from queueing for ever behind a long transaction.
    await client.query(`SET lock_timeout = '60s'`);
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await client.query(createTable);
    const applied = await readApplied(client);
    const missing = migrations.filter(({ name }) => !applied.has(name));
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

export function readMigrations(folder = path.join(root, 'prisma', 'migrations')): Migration[] {
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, file: path.join(folder, name, 'migration.sql') }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => {
      const sql = readFileSync(file, 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

async function connectOrCreate(url: string): Promise<pg.Client> {
  try {
    return await connect(url);
  } catch (error) {
    const isMissing = (error as { code?: string }).code === '3D000';
    if (!isMissing) throw error;
  }
  const server = new URL(url);
  const database = decodeURIComponent(server.pathname.slice(1));
  server.pathname = '/postgres';
  const admin = await connect(server.href);
  try {
    await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
  } catch (error) {
    // Another process was quicker: 42P04 says so afterwards, 23505 in the same moment.
    if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
  } finally {
    await admin.end();
  }
  return connect(url);
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

const createTable = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  varchar(36) PRIMARY KEY,
    checksum            varchar(64) NOT NULL,
    finished_at         timestamptz,
    migration_name      varchar(255) NOT NULL,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
  )`;

async function readApplied(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ migration_name: string; finished_at: Date | null }>(
    'SELECT migration_name, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  const failed = rows.find(({ finished_at }) => finished_at === null);
  if (failed) {
    throw new Error(
      `Migration ${failed.migration_name} was begun by Prisma and did not finish. Repair the database, then run ` +
        `npm run prisma -- migrate resolve --applied (or --rolled-back) ${failed.migration_name}.`,
    );
  }
  return new Set(rows.map((row) => row.migration_name));
}

/** One transaction for the migration and its record: a crash leaves both or neither. */
async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw new Error(`Migration ${name} failed and was rolled back: ${(error as Error).message}`, { cause: error });
  }
}

if (import.meta.main) {
  const applied = await withOwnDatabase((url) => migrate(url));
  console.log(applied.length > 0 ? `applied ${applied.join(', ')}` : 'The database is up to date.');
}
