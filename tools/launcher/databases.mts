import path from 'node:path';
import { type PostgresServer, startPostgres } from '../infra/postgres.mts';
import { type RedisServer, startRedis } from '../infra/redis.mts';
import type { ServerProcess } from '../infra/server-process.mts';
import { databaseName } from '../own-database.mts';
import { givenSetting } from './app-environment.mts';
import type { Output } from './output.mts';
import { canConnect, choosePort } from './ports.mts';
import { type RunningChild, SupervisedChild } from './supervised-child.mts';

export interface Databases {
  databaseUrl: string;
  redisUrl: string;
  /** Only what runs here. */
  children: SupervisedChild[];
  /** One line for the reader, without passwords. */
  description: string;
}

export interface DatabaseOptions {
  homeDir: string;
  env: NodeJS.ProcessEnv;
  output: Output;
  onChange: () => void;
  /** Called before a server is started, so that it can be stopped whatever happens next. */
  onChild: (child: SupervisedChild) => void;
}

/** Postgres and Redis: each the one given by the environment, else one of our own that is kept alive. */
export async function openDatabases(options: DatabaseOptions): Promise<Databases> {
  const [postgres, redis] = await settleAll([openPostgres(options), openRedis(options)]);
  return {
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    children: [...postgres.children, ...redis.children],
    description: `${postgres.description}, ${redis.description}`,
  };
}

interface Opened {
  url: string;
  children: SupervisedChild[];
  description: string;
}

async function openPostgres(options: DatabaseOptions): Promise<Opened> {
  const given = givenSetting(options.env, 'DATABASE_URL');
  if (given !== undefined) return useGiven('PostgreSQL', 'DATABASE_URL', given, 5432);
  const last: { server?: PostgresServer } = {};
  const child = supervise('postgres', options, async () => {
    // The same port again: the apps know only that one.
    const port = last.server?.port ?? (await choosePort());
    const server = await startPostgres({ dataDir: path.join(options.homeDir, 'postgres'), durable: true, port });
    last.server = server;
    return asChild(server, 'SIGQUIT');
  });
  await child.start();
  const server = last.server as PostgresServer;
  return { url: server.databaseUrl(databaseName), children: [child], description: `PostgreSQL on port ${server.port}` };
}

async function openRedis(options: DatabaseOptions): Promise<Opened> {
  const given = givenSetting(options.env, 'REDIS_URL');
  if (given !== undefined) return useGiven('Redis', 'REDIS_URL', given, 6379);
  const last: { server?: RedisServer } = {};
  const child = supervise('redis', options, async () => {
    const port = last.server?.port ?? (await choosePort());
    const server = await startRedis({ dataDir: path.join(options.homeDir, 'redis'), durable: true, port });
    last.server = server;
    return asChild(server, 'SIGKILL');
  });
  await child.start();
  const server = last.server as RedisServer;
  return { url: server.url, children: [child], description: `Redis on port ${server.port} (${server.origin})` };
}

function supervise(name: string, options: DatabaseOptions, begin: () => Promise<RunningChild>): SupervisedChild {
  const child = new SupervisedChild(name, begin, options.output, options.onChange);
  options.onChild(child);
  return child;
}

async function useGiven(product: string, setting: string, value: string, defaultPort: number): Promise<Opened> {
  if (!URL.canParse(value)) throw new Error(`${setting} is not a URL; it looks like scheme://user:password@host:port.`);
  const { hostname, port, pathname } = new URL(value);
  const address = `${hostname}:${port || defaultPort}`;
  if (!(await canConnect(hostname, Number(port) || defaultPort))) {
    throw new Error(`Nothing answers on ${address} (${setting}). Start it, correct ${setting}, or unset it.`);
  }
  return { url: value, children: [], description: `${product} of ${setting} (${address}${pathname})` };
}

/** @param atOnce what ends the server without a chance to tidy up, but with its helpers */
function asChild(server: ServerProcess, atOnce: 'SIGQUIT' | 'SIGKILL'): RunningChild {
  const ended = new Promise<string>((resolve) => {
    server.onExit((reason) => resolve(reason.replace(/^\w+ /, '')));
  });
  return {
    pid: server.pid,
    ended,
    stop: () => server.stop(),
    kill: () => {
      try {
        process.kill(server.pid, atOnce);
      } catch {
        // It is gone already.
      }
    },
  };
}

/** Waits for all, also when one fails: what is half started could not be stopped. */
async function settleAll<Results extends readonly unknown[]>(
  promises: {
    [Index in keyof Results]: Promise<Results[Index]>;
  },
): Promise<Results> {
  const outcomes = await Promise.allSettled(promises);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as unknown as Results;
}
