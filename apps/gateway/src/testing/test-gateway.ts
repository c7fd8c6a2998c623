/**
 * A whole gateway for a test, listening on a free port. Every answer it gives under `/v1` must fit its
 * description. Never part of a running installation.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '@reelay/contracts/settings';
import { ensureApiKey } from '@reelay/db/api-keys/ensure-api-key';
import { createDatabase, type Database } from '@reelay/db/client';
import { writeSettings } from '@reelay/db/settings';
import { hashApiKey, newApiKey } from '@reelay/platform/keys';
import { createLogger } from '@reelay/platform/logger';
import { newUlid } from '@reelay/platform/ulid';
import { createTestDatabase } from '@reelay/testing/database';
import { openTestRedis } from '@reelay/testing/redis';
import type { FastifyInstance } from 'fastify';
import type { Configuration } from '../configuration.js';
import { createGateway } from '../create-gateway.js';
import type { RouteTable } from '../http/route-table.js';
import { AnswerJudge } from './answer-judge.js';

export interface TestGatewayOptions {
  databaseUrl: string;
  redisUrl: string;
  /** Its own on a shared Redis. */
  redisPrefix: string;
  configuration?: Partial<Configuration>;
  /** Written before it starts, so that they hold from the first request. */
  settings?: Partial<Settings>;
  /** Called before routes are added. */
  prepareServer?: (server: FastifyInstance) => void;
}

export interface TestGateway {
  url: string;
  adminKey: string;
  storageDir: string;
  routes: RouteTable;
  database: Database;
  /** Everything it logged, one JSON object a line. */
  logLines: string[];
  /** A new key of a new owner (or of the one named). */
  newClient(ownerId?: string): Promise<string>;
  /** A request with a key, JSON by default. */
  send(key: string | undefined, path: string, request?: SendRequest): Promise<Response>;
  close(): Promise<void>;
}

export interface SendRequest {
  method?: string;
  json?: unknown;
  body?: string | FormData | Uint8Array;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The same on a database and a Redis of its own, which go with it. */
export async function openTestGateway(
  options: Pick<TestGatewayOptions, 'configuration' | 'settings'> = {},
): Promise<TestGateway> {
  const [database, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  const release = () => Promise.all([database.drop(), redis.close()]);
  try {
    const servers = { databaseUrl: database.url, redisUrl: redis.url, redisPrefix: redis.prefix };
    const gateway = await startTestGateway({ ...servers, ...options });
    return { ...gateway, close: () => gateway.close().finally(release) };
  } catch (error) {
    await release();
    throw error;
  }
}

const webKey = 'web key of the tests 1';
const adminKey = 'admin-key-of-the-tests-1';

export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const storageDir = await mkdtemp(join(tmpdir(), 'reelay-gateway-'));
  const logLines: string[] = [];
  const log = createLogger({ app: 'gateway', format: 'json', level: 'debug', write: (line) => logLines.push(line) });
  const database = createDatabase({ url: options.databaseUrl, applicationName: 'test' });
  await writeSettings(database, options.settings ?? {});
  const configuration: Configuration = {
    DATABASE_URL: options.databaseUrl,
    REDIS_URL: options.redisUrl,
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    HOST: '127.0.0.1',
    PORT: 0,
    WEB_KEY: webKey,
    INTERNAL_KEY: 'internal-key-of-the-tests-1',
    ADMIN_KEY: adminKey,
    TOKEN_MANAGER_URL: 'http://127.0.0.1:1',
    STORAGE_DIR: storageDir,
    FETCH_ALLOW: [],
    FFMPEG_PATH: process.env.FFMPEG_PATH ?? 'ffmpeg',
    ...options.configuration,
  };
  // What a stand-in for the token-manager makes up is passed on as it is; a real one's answers are judged where the whole stack runs.
  const judge = new AnswerJudge({ isAdminMadeUp: options.configuration?.TOKEN_MANAGER_URL !== undefined });
  const gateway = await createGateway({
    configuration,
    log,
    version: '0.0.0-test',
    redisPrefix: options.redisPrefix,
    searchPath: process.env.PATH ?? '',
    prepareServer: (server) => {
      judge.watch(server);
      options.prepareServer?.(server);
    },
  });
  const url = await gateway.listen();
  return {
    url,
    adminKey,
    storageDir,
    routes: gateway.routes,
    database,
    logLines,
    async newClient(ownerId = newUlid()) {
      const key = newApiKey();
      await ensureApiKey(database, {
        id: newUlid(),
        ownerId,
        name: 'test',
        prefix: 'rly_',
        macHex: hashApiKey(webKey, key),
      });
      return key;
    },
    send: (key, path, request = {}) => send(`${url}${path}`, key, request),
    async close() {
      await gateway.close();
      await database.$disconnect();
      await rm(storageDir, { recursive: true, force: true });
      judge.check();
    },
  };
}

function send(
  url: string,
  key: string | undefined,
  { method, json, body, headers, signal }: SendRequest,
): Promise<Response> {
  const content = json === undefined ? body : JSON.stringify(json);
  return fetch(url, {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    body: content ?? null,
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(signal ? { signal } : {}),
  });
}
