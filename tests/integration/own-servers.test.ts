/**
 * The PostgreSQL and Redis that Reelay runs by itself: what happens to them, and to the data, when somebody is killed.
 *
 * @slow
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import { Redis } from 'ioredis';
import { Client } from 'pg';

const root = path.join(__dirname, '../..');
const code = {
  postgres: `import { startPostgres as start } from './tools/infra/postgres.mts';`,
  redis: `import { startRedis as start } from './tools/infra/redis.mts';`,
};
type Kind = keyof typeof code;

const supervisor = `
const server = await start({ dataDir: process.env.DATA_DIR, durable: true });
server.onExit((reason) => console.log(JSON.stringify({ reason })));
console.log(JSON.stringify({ url: server.url, pid: server.pid }));
process.on('SIGTERM', () => server.stop().then(() => process.exit(0)));
setInterval(() => {}, 1_000);
`;

let dataDir: string;
let supervisors: ChildProcess[];
beforeEach(() => {
  dataDir = path.join(mkdtempSync(path.join(tmpdir(), 'reelay-servers-')), 'data');
  supervisors = [];
});
afterEach(async () => {
  for (const child of supervisors) child.kill('SIGTERM');
  await Promise.all(supervisors.map((child) => ended(child)));
  rmSync(path.dirname(dataDir), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

interface Started {
  child: ChildProcess;
  url: string;
  pid: number;
  output: () => string;
}

async function start(kind: Kind): Promise<Started> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `${code[kind]}${supervisor}`], {
    cwd: root,
    env: { ...process.env, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  supervisors.push(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await waitFor(() => output.includes('"url"') || child.exitCode !== null, { timeoutMs: 20_000, describe: kind });
  return {
    child,
    output: () => output,
    ...(JSON.parse(output.split('\n')[0] as string) as { url: string; pid: number }),
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** A zombie, whose parent has not looked yet, is gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Adds a row or element, and says how many there are. */
const add: Record<Kind, (url: string) => Promise<number>> = {
  postgres: async (url) => {
    const client = new Client({ connectionString: `${url}/postgres` });
    await client.connect();
    await client.query('CREATE TABLE IF NOT EXISTS kept (id int)');
    await client.query('INSERT INTO kept VALUES (1)');
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM kept');
    await client.end();
    return rows[0]!.count;
  },
  redis: async (url) => {
    const client = new Redis(url);
    const count = await client.rpush('kept', '1');
    // Written through to the disk: once a second would be too late for a test that kills at once.
    await client.config('SET', 'appendfsync', 'always');
    await client.rpush('kept', '2');
    await client.rpop('kept');
    client.disconnect();
    return count;
  },
};

describe.each(['postgres', 'redis'] as const)('%s', (kind) => {
  test('keeps its data from one start to the next', async () => {
    const first = await start(kind);
    expect(await add[kind](first.url)).toBe(1);
    first.child.kill('SIGTERM');
    await ended(first.child);
    expect(isAlive(first.pid)).toBe(false);
    expect(await add[kind]((await start(kind)).url)).toBe(2);
  });

  test('ends with the process that started it, even on SIGKILL, and the next start waits for it', async () => {
    const first = await start(kind);
    expect(await add[kind](first.url)).toBe(1);
    first.child.kill('SIGKILL');
    const second = await start(kind);
    expect(isAlive(first.pid)).toBe(false);
    expect(await add[kind](second.url)).toBe(2);
  });

  test('tells when it was killed, and starts again on the same data', async () => {
    const first = await start(kind);
    expect(await add[kind](first.url)).toBe(1);
    process.kill(first.pid, 'SIGKILL');
    await waitFor(() => first.output().includes('was ended by SIGKILL'), { timeoutMs: 20_000 });
    expect(await add[kind]((await start(kind)).url)).toBe(2);
  });
});

test('nobody gets in without the password', async () => {
  const postgres = new URL((await start('postgres')).url);
  postgres.password = 'wrong';
  await expect(add.postgres(postgres.href)).rejects.toThrow('password authentication failed');
});
