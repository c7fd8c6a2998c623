/** What is measured and what it needs: PostgreSQL, Redis, one gateway and the bare server. No worker, no token-manager, no simulator. */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import path from 'node:path';
import { hashApiKey, newApiKey, newSecret } from '@reelay/platform/keys';
import pg from 'pg';
import { leash } from '../../tools/infra/leash.mts';
import { root } from '../../tools/infra/paths.mts';
import { startPostgres } from '../../tools/infra/postgres.mts';
import { startRedis } from '../../tools/infra/redis.mts';
import { withoutNpm } from '../../tools/launcher/app-environment.mts';
import { nodeFlags } from '../../tools/launcher/app-process.mts';
import { migrate } from '../../tools/migrate.mts';
import type { Course, Order } from './order.mts';

export interface Stage {
  database: pg.Client;
  addresses: { gateway: string; bare: string };
  /** Of a key that says nothing, and of one with a limit of every sort, each too high to be reached. */
  keys: { plain: string; limited: string };
  pids: Record<'gateway' | 'bare' | 'postgres' | 'redis', number>;
  load(order: Order): Promise<Course>;
}

export interface Staged extends Stage {
  stop(): Promise<void>;
}

/** More than can be accepted while it is measured, so that nothing is refused. */
const beyondReach = 1_000_000;

export async function setStage(folder: string): Promise<Staged> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), durable: true });
    stops.push(postgres.stop);
    const redis = await startRedis({ dataDir: path.join(folder, 'redis'), durable: true });
    stops.push(redis.stop);
    const databaseUrl = postgres.databaseUrl('bench');
    await migrate(databaseUrl);
    const database = new pg.Client({ connectionString: databaseUrl });
    await database.connect();
    stops.push(() => database.end());
    const webKey = newSecret();
    const keys = await fill(database, webKey);

    const environment = { ...withoutNpm(process.env), NODE_ENV: 'production' };
    const gateway = start([...nodeFlags('gateway'), path.join(root, 'apps', 'gateway', 'dist', 'main.js')], {
      env: { ...environment, ...gatewayEnvironment({ databaseUrl, redisUrl: redis.url, webKey, folder }) },
      log: path.join(folder, 'gateway.log'),
    });
    stops.push(() => end(gateway));
    const bare = start([path.join(import.meta.dirname, 'bare.mts'), databaseUrl, redis.url], { env: environment });
    stops.push(() => end(bare));
    const load = start([path.join(import.meta.dirname, 'load.mts')], { env: environment });
    stops.push(() => end(load));
    const { url } = await nextMessage<{ url: string }>(gateway, 'the gateway');
    const { port } = await nextMessage<{ port: number }>(bare, 'the bare server');
    return {
      database,
      addresses: { gateway: url, bare: `http://127.0.0.1:${port}` },
      keys,
      pids: { gateway: gateway.pid!, bare: bare.pid!, postgres: postgres.pid, redis: redis.pid },
      load: (order) => {
        load.send(order);
        return nextMessage<Course>(load, 'the load generator');
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One account that may do nothing at once, and what a token-manager would have written of its lane. */
async function fill(database: pg.Client, webKey: string): Promise<Stage['keys']> {
  const keys = { plain: newApiKey(), limited: newApiKey() };
  await database.query(`INSERT INTO owner (id, name) VALUES ('bench', 'bench')`);
  await database.query(
    `INSERT INTO api_key (id, owner_id, name, prefix, mac) VALUES ('plain', 'bench', 'plain', 'plain', decode($1, 'hex'))`,
    [hashApiKey(webKey, keys.plain)],
  );
  await database.query(
    `INSERT INTO api_key (id, owner_id, name, prefix, mac, requests_per_minute, queued_limit, concurrent_limit, daily_quota, monthly_quota)
     VALUES ('limited', 'bench', 'limited', 'limited', decode($1, 'hex'), $2, $2, $2, jsonb_build_object('video', $2::integer),
       jsonb_build_object('video', $2::integer))`,
    [hashApiKey(webKey, keys.limited), beyondReach],
  );
  for (const key of ['admission.open', 'admission.openPerKey']) {
    await database.query('INSERT INTO setting (key, value) VALUES ($1, to_jsonb($2::integer))', [key, beyondReach]);
  }
  await database.query(
    `INSERT INTO token (id, provider, target, identity, label, plan, sora2, access_token_sealed, access_token_hint, video_limit, image_limit)
     VALUES ('token', 'sora', 'simulator', 'token', 'token', 'plus', true, 'sealed', 'hint', 0, 0)`,
  );
  return keys;
}

function gatewayEnvironment(of: { databaseUrl: string; redisUrl: string; webKey: string; folder: string }) {
  return {
    ...{ DATABASE_URL: of.databaseUrl, REDIS_URL: of.redisUrl, WEB_KEY: of.webKey },
    ...{ INTERNAL_KEY: newSecret(), ADMIN_KEY: newSecret(), TOKEN_MANAGER_URL: 'http://127.0.0.1:9' },
    ...{ STORAGE_DIR: path.join(of.folder, 'media'), HOST: '127.0.0.1', PORT: '0', LOG_FORMAT: 'json' },
  };
}

function start(args: string[], { env, log }: { env: NodeJS.ProcessEnv; log?: string }): ChildProcess {
  const [command = '', ...rest] = [...leash('TERM'), process.execPath, ...args];
  const output = log === undefined ? 'inherit' : openSync(log, 'a');
  return spawn(command, rest, { cwd: root, env, stdio: ['ignore', output, output, 'ipc'], serialization: 'advanced' });
}

function nextMessage<Message>(child: ChildProcess, name: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    const exited = () => reject(new Error(`${name} ended before it answered`));
    child.once('exit', exited);
    child.once('message', (message) => {
      child.off('exit', exited);
      resolve(message as Message);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}
