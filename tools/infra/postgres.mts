import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.mts';
import { withoutOurs } from './inherited-environment.mts';
import { type PostgresAccount, postgresAccount } from './postgres-account.mts';
import { postgresBinaries } from './postgres-binaries.mts';
import { waitForPredecessor } from './predecessor.mts';
import { passwordIn } from './secret-file.mts';
import { type ServerProcess, ServerStartError, startServerProcess } from './server-process.mts';

export interface PostgresServer extends ServerProcess {
  /** Address of the server, without a database: postgresql://postgres:…@127.0.0.1:<port> */
  url: string;
  port: number;
  /** Address of one of its databases. */
  databaseUrl(database: string): string;
}

export interface PostgresOptions {
  /** Made on first use; its parent too. */
  dataDir: string;
  /** Without it any free one. */
  port?: number;
  /** false: nothing is synced to disk, for databases that are thrown away. */
  durable: boolean;
  /** Gets each line of the server's log. */
  onLine?: (line: string) => void;
}

/** Runs the PostgreSQL that came with npm on 127.0.0.1. It ends with this process, whatever ends this process. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const account = postgresAccount(postgresBinaries(), path.resolve(options.dataDir));
  const leftover = path.join(account.dataDir, 'postmaster.pid');
  if (await waitForPredecessor(leftover, 'postgres')) rmSync(leftover, { force: true });
  if (!existsSync(path.join(account.dataDir, 'PG_VERSION'))) createCluster(account, options.durable);

  const password = readFileSync(passwordFile(account.dataDir), 'utf8');
  const { port, server } = await startOnPort(account, options);
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}`;
  return { ...server, port, url, databaseUrl: (database) => `${url}/${encodeURIComponent(database)}` };
}

/** Makes the cluster aside and renames it, so that an interrupted initdb never looks like a finished one. */
function createCluster(account: PostgresAccount, durable: boolean): void {
  const fresh = `${account.dataDir}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  account.own(fresh);
  const passwordAside = `${account.dataDir}.password`;
  rmSync(passwordAside, { force: true });
  passwordIn(passwordAside);
  account.own(passwordAside);

  // scram_iterations: the password is 128 random bits, so the slow hash would only cost every connection 5 ms.
  const settings = ['--auth=scram-sha-256', `--pwfile=${passwordAside}`, '-c', 'scram_iterations=1'];
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const [file = '', ...args] = [
    ...account.wrap,
    path.join(account.native, 'bin', 'initdb'),
    ...['-D', fresh, '-U', 'postgres', '--no-instructions', ...settings, ...locale, ...(durable ? [] : ['--no-sync'])],
  ];
  const options = { ...account.options, env: withoutOurs(process.env), cwd: '/' };
  const { status, error, stderr } = spawnSync(file, args, { ...options, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`PostgreSQL could not make its data folder ${fresh}: ${error?.message ?? stderr.trim()}`);
  }
  renameSync(passwordAside, passwordFile(fresh));
  renameSync(fresh, account.dataDir);
}

function passwordFile(dataDir: string): string {
  return path.join(dataDir, 'reelay.password');
}

/** After `kill -9` of the server alone its children need a moment to notice; until then the new one is refused. */
async function startOnPort(
  account: PostgresAccount,
  options: PostgresOptions,
): Promise<{ port: number; server: ServerProcess }> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const port = options.port ?? (await freePort());
    try {
      return { port, server: await startServer(account, options, port) };
    } catch (error) {
      const isPassing =
        error instanceof ServerStartError &&
        /pre-existing shared memory|could not bind|Address already in use/.test(error.log);
      if (!isPassing || Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}

function startServer(account: PostgresAccount, options: PostgresOptions, port: number): Promise<ServerProcess> {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=64MB',
    ...(options.durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  return startServerProcess({
    name: 'PostgreSQL',
    wrap: account.wrap,
    program: path.join(account.native, 'bin', 'postgres'),
    args: ['-D', account.dataDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    options: { ...account.options, env: withoutOurs(process.env), cwd: '/' },
    isReady: (line) => line.includes('ready to accept connections'),
    startTimeoutMs: 60_000,
    stopSignal: 'SIGINT', // "fast": ends sessions, writes a checkpoint
    hardStopSignal: 'SIGQUIT',
    stopTimeoutMs: 5_000,
    ...(options.onLine && { onLine: options.onLine }),
  });
}
