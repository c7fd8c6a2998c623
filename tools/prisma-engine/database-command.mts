import pg from 'pg';

const prismaCodes: Record<string, string> = { '3D000': 'P1003', '28P01': 'P1000', '42P04': 'P1009' };

/** `cli can-connect-to-database | create-database | drop-database`, with the exit codes and error lines of the binary. */
export async function databaseCommand(command: string, url: string): Promise<void> {
  try {
    if (command === 'can-connect-to-database') await query(url, 'SELECT 1');
    else await createOrDrop(command, new URL(url));
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    fail(command, prismaCodes[code] ?? 'P1001', message || code);
  }
}

async function createOrDrop(command: string, url: URL): Promise<void> {
  const database = pg.escapeIdentifier(decodeURIComponent(url.pathname.slice(1)));
  const server = new URL(url);
  server.pathname = '/postgres';
  if (command === 'create-database') await query(server.href, `CREATE DATABASE ${database}`);
  else if (command === 'drop-database') await query(server.href, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  else throw new Error(`Unknown command ${command}.`);
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Prisma drops the first line of stderr and parses each other one as JSON; an empty last line would not parse. */
function fail(command: string, code: string, message: string): void {
  const line = {
    timestamp: new Date().toISOString(),
    level: 'ERROR',
    target: 'schema_engine::logger',
    fields: { message, error_code: code, is_panic: false },
  };
  process.stderr.write(`schema-engine ${command}\n${JSON.stringify(line)}`);
  process.exitCode = 101;
}
