import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.mts';
import { withoutOurs } from './inherited-environment.mts';
import { waitForPredecessor } from './predecessor.mts';
import { type RedisBinary, redisBinary } from './redis-binaries.mts';
import { passwordIn } from './secret-file.mts';
import { type ServerProcess, ServerStartError, startServerProcess } from './server-process.mts';

export interface RedisServer extends ServerProcess {
  url: string;
  port: number;
  /** Which Redis it is, for the log. */
  origin: string;
}

export interface RedisOptions {
  /** Made on first use; its parent too. */
  dataDir: string;
  /** Without it any free one. */
  port?: number;
  /** false: nothing is written to disk. */
  durable: boolean;
  /** Gets each line of the server's log. */
  onLine?: (line: string) => void;
}

/** Runs a Redis on 127.0.0.1. It ends with this process, whatever ends this process. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const binary = redisBinary();
  const dataDir = path.resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const pidFile = path.join(dataDir, 'redis.pid');
  if (await waitForPredecessor(pidFile, path.basename(binary.program))) rmSync(pidFile, { force: true });

  const password = passwordIn(path.join(dataDir, 'redis.password'));
  const deadline = Date.now() + 15_000;
  for (;;) {
    const port = options.port ?? (await freePort());
    const config = configuration({ dataDir, pidFile, password, port, durable: options.durable });
    try {
      const server = await startServer(binary, config, options.onLine);
      return { ...server, port, url: `redis://:${password}@127.0.0.1:${port}`, origin: binary.origin };
    } catch (error) {
      const isPassing = error instanceof ServerStartError && /Address already in use|Failed listening/.test(error.log);
      if (!isPassing || Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}

function configuration(of: {
  dataDir: string;
  pidFile: string;
  password: string;
  port: number;
  durable: boolean;
}): string {
  return [
    'bind 127.0.0.1',
    `port ${of.port}`,
    `requirepass ${of.password}`,
    `dir "${of.dataDir}"`,
    `pidfile "${of.pidFile}"`,
    'daemonize no',
    // BullMQ's jobs must never be evicted.
    'maxmemory-policy noeviction',
    'save ""',
    `appendonly ${of.durable ? 'yes' : 'no'}`,
    'appendfsync everysec',
    '',
  ].join('\n');
}

/** The configuration goes through standard input: on the command line everybody could read the password. */
function startServer(binary: RedisBinary, input: string, onLine?: (line: string) => void): Promise<ServerProcess> {
  return startServerProcess({
    name: 'Redis',
    wrap: [],
    program: binary.program,
    args: ['-'],
    options: { env: { ...withoutOurs(process.env), ...binary.env } },
    input,
    isReady: (line) => /ready to accept connections/i.test(line),
    startTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    hardStopSignal: 'SIGKILL',
    stopTimeoutMs: 5_000,
    ...(onLine && { onLine }),
  });
}
