/** tools/migrate.mts, the runner that `npm start`, containers and tests use in place of Prisma's command line. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';

const root = path.join(__dirname, '../..');
let url: string;

beforeEach(() => {
  const server = new URL(process.env.TEST_DATABASE_URL as string);
  server.pathname = `/migrate_${randomBytes(6).toString('hex')}`;
  url = server.href;
});
afterEach(async () => {
  const server = new URL(url);
  const name = server.pathname.slice(1);
  server.pathname = '/postgres';
  await query(server.href, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
});

async function query(address: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: address });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** In a process of its own, as it is used. Returns the names of what was applied. */
async function migrate(migrations?: { name: string; sql: string }[]): Promise<string[]> {
  const given = migrations && JSON.stringify(migrations.map((migration) => ({ ...migration, checksum: 'x' })));
  const code = `import { migrate } from './tools/migrate.mts'; console.log(JSON.stringify(await migrate('${url}', ${given})));`;
  const node = [process.execPath, ['--input-type=module', '-e', code], { cwd: root }] as const;
  return JSON.parse((await promisify(execFile)(...node)).stdout) as string[];
}

test('makes the database and applies everything; the second time there is nothing to do', async () => {
  expect((await migrate()).length).toBeGreaterThan(0);
  expect(await migrate()).toEqual([]);
  expect(await query(url, 'SELECT * FROM generation')).toEqual([]);
});

test('of four at once one applies and the others find it done', async () => {
  const applied = await Promise.all([migrate(), migrate(), migrate(), migrate()]);
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
});

test('a migration that fails leaves nothing behind, not even its record, and can be corrected', async () => {
  const first = { name: '1_first', sql: 'CREATE TABLE one (id int)' };
  const broken = { name: '2_second', sql: 'CREATE TABLE two (id int); SELECT 1/0' };
  await expect(migrate([first, broken])).rejects.toThrow('Migration 2_second failed and was rolled back');
  expect(await query(url, 'SELECT migration_name FROM _prisma_migrations')).toEqual([{ migration_name: '1_first' }]);
  expect(await migrate([first, { ...broken, sql: 'CREATE TABLE two (id int)' }])).toEqual(['2_second']);
});

test('refuses to go on after a migration that Prisma has left unfinished', async () => {
  await migrate([]);
  await query(url, `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', 'x', '1_first')`);
  await expect(migrate([{ name: '1_first', sql: 'SELECT 1' }])).rejects.toThrow('migrate resolve');
});
