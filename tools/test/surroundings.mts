import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startPostgres } from '../infra/postgres.mts';
import { startRedis } from '../infra/redis.mts';
import { temporaryFolder } from '../infra/temporary-folder.mts';
import { migrate } from '../migrate.mts';

/** What the tests run in: databases that exist for this run only, a temporary folder, and an environment that says so. */
export interface Surroundings {
  folder: string;
  env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

// What a user has set for the own Reelay must not leak into the tests, and the tests must not reach the own data.
const settingsOfApps =
  /^(DATABASE_URL|REDIS_URL|HOST|PORT|PUBLIC_URL|TRUST_PROXY|FETCH_ALLOW|STORAGE_DIR|S3_.*|TOKEN_MANAGER_URL|(API|ADMIN|WEB|INTERNAL|MASTER)_KEY(_FILE)?|WORKER_.*|LOG_.*|SIMULATOR.*|REELAY_.*|npm_.*|INIT_CWD)$/;

/** @param withDatabases false for tests that use none: they start a second sooner */
export async function makeSurroundings(withDatabases: boolean): Promise<Surroundings> {
  const folder = temporaryFolder();
  const stops: (() => Promise<void>)[] = [];
  const remove = async () => {
    await Promise.all(stops.map((stop) => stop()));
    // Children of tests that were just killed may still be writing.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    const databases = withDatabases ? await startDatabases(folder, stops) : {};
    return { folder, remove, env: { ...inheritedEnvironment(), ...databases, TMPDIR: makeTemporary(folder) } };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function startDatabases(folder: string, stops: (() => Promise<void>)[]): Promise<Record<string, string>> {
  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), durable: false });
  stops.push(postgres.stop);
  const redis = await startRedis({ dataDir: path.join(folder, 'redis'), durable: false });
  stops.push(redis.stop);
  const template = postgres.databaseUrl('reelay_template');
  await migrate(template);
  return { TEST_DATABASE_URL: template, TEST_REDIS_URL: redis.url };
}

function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !settingsOfApps.test(name)));
}

/** Whatever a test forgets there goes with the run. */
function makeTemporary(folder: string): string {
  const temporary = path.join(folder, 'tmp');
  mkdirSync(temporary);
  return temporary;
}
