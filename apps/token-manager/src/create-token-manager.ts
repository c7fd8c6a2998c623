/** The one place where the token-manager is put together, by hand; `main.ts` and the tests call it. */
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createTargets } from '@reelay/contracts/provider-declarations';
import { createDatabase, type Database } from '@reelay/db/client';
import { isOutage } from '@reelay/db/outage';
import { createSettingsReader } from '@reelay/db/settings';
import { consume } from '@reelay/platform/consume';
import { HttpClient } from '@reelay/platform/http-client';
import type { Logger } from '@reelay/platform/logger';
import { EventPublisher } from '@reelay/platform/messages';
import { DEFAULT_QUEUE_PREFIX, Queues } from '@reelay/platform/queues';
import { closeRedis, createRedis } from '@reelay/platform/redis';
import { createProviders } from '@reelay/providers/registry';
import { createAppModule } from './app.module.js';
import { Assigner } from './assign/assigner.js';
import { BatchRunner } from './batches/batch-runner.js';
import { Credentials } from './credentials/credentials.js';
import { Vault } from './credentials/vault.js';
import { ErrorFilter } from './http/error.filter.js';
import type { Health } from './http/health.controller.js';
import { createHttpAdapter } from './http/http-adapter.js';
import { createNestLogger } from './http/nest-logger.js';
import { LaneKeeper } from './lanes/lane-keeper.js';
import { startTimers } from './timers/start-timers.js';
import { knownTargets, type TokenManagerParts } from './token-manager-parts.js';

export interface TokenManagerOptions {
  databaseUrl: string;
  redisUrl: string;
  masterKey: string;
  /** Open what was sealed before the master key was changed. */
  oldMasterKeys?: readonly string[] | undefined;
  internalKey: string;
  simulatorUrl?: string | undefined;
  host: string;
  /** 0 takes a free one. */
  port: number;
  version: string;
  commit?: string | undefined;
  log: Logger;
  /** Keeps the keys of tests apart. */
  redisPrefix?: string;
}

export interface TokenManager {
  readonly url: string;
  /** Takes no more work, lets what runs come to its end, and lets go of everything. Within 9 s. */
  close(): Promise<void>;
}

export async function createTokenManager(options: TokenManagerOptions): Promise<TokenManager> {
  const { log, redisUrl, redisPrefix: prefix = DEFAULT_QUEUE_PREFIX } = options;
  const stopping = new AbortController();
  const producer = createRedis({ url: redisUrl, role: 'producer', log });
  const blocking = createRedis({ url: redisUrl, role: 'worker', log });
  const database = createDatabase({ url: options.databaseUrl, applicationName: 'reelay-token-manager' });
  const queues = new Queues({ redis: producer, log, prefix });
  const publisher = new EventPublisher({ redis: producer, log, prefix });
  const parts = createParts(options, { database, queues, publisher }, () => batches.touch());
  const batches = new BatchRunner(parts, stopping.signal);
  const assigner = new Assigner({
    ...{ database, queues, log, settings: parts.settings, targets: knownTargets(parts.targets) },
    ...{ signal: stopping.signal, onRound: () => parts.lanes.touch() },
  });
  const app = await serve(
    options,
    parts,
    createHealth(options, database, () => producer.status === 'ready'),
  );
  // Not waited for: with Redis away the tick assigns, and the bells are heard again once it is back.
  const bells = consume('dispatch', () => answerBell(assigner, parts), {
    redis: blocking,
    log,
    concurrency: 1,
    prefix,
  });
  const timers = startTimers(parts, { assigner, batches, signal: stopping.signal });
  parts.lanes.touch();
  return {
    url: await app.getUrl(),
    async close() {
      stopping.abort();
      const working = [app.close(), bells.close(), timers.stop(), batches.settle(), parts.credentials.settle()];
      await Promise.race([Promise.allSettled(working), delay(drainMs, undefined, { ref: false })]);
      parts.lanes.close();
      await Promise.allSettled([queues.close(), parts.http.close()]);
      await Promise.allSettled([closeRedis(producer), closeRedis(blocking), database.$disconnect()]);
    },
  };
}

/** A refresh that is under way may have used up its refresh token, so it is waited for nearly as long as the launcher waits for us. */
const drainMs = 6_500;

type Connections = Pick<TokenManagerParts, 'database' | 'queues' | 'publisher'>;

function createParts(options: TokenManagerOptions, connections: Connections, onBatch: () => void): TokenManagerParts {
  const { database, queues } = connections;
  const targets = createTargets(options.simulatorUrl);
  const settings = createSettingsReader(database);
  const lanes = new LaneKeeper({ database, settings, targets: knownTargets(targets), log: options.log });
  const parts = {
    ...{ ...connections, settings, targets, lanes, log: options.log },
    http: new HttpClient(),
    providers: createProviders(),
    vault: new Vault(options.masterKey, options.oldMasterKeys),
    batches: { touch: onBatch },
  };
  const onChange = () => {
    lanes.touch();
    void queues.enqueue('dispatch', {});
  };
  return { ...parts, credentials: new Credentials(parts, { onChange }) };
}

async function serve(
  options: TokenManagerOptions,
  parts: TokenManagerParts,
  health: Health,
): Promise<NestFastifyApplication> {
  const { internalKey, log } = options;
  const errors = new ErrorFilter(log);
  const module = createAppModule({ parts, health, errors, internalKey });
  const app = await NestFactory.create<NestFastifyApplication>(module, createHttpAdapter({ errors, log }), {
    logger: createNestLogger(log),
    abortOnError: false,
  });
  await app.listen(options.port, options.host);
  return app;
}

/** Without Postgres nothing can be assigned now; the tick does it when it is back, so the bell is not rung again. */
async function answerBell(assigner: Assigner, { lanes }: TokenManagerParts): Promise<undefined> {
  try {
    await assigner.assign();
    // Also when nothing waits: most bells say that a slot came back.
    lanes.touch();
  } catch (error) {
    if (!isOutage(error)) throw error;
  }
  return undefined;
}

const probeTimeoutMs = 2_000;

function createHealth(
  { version, commit }: TokenManagerOptions,
  database: Database,
  isRedisReachable: () => boolean,
): Health {
  return {
    version,
    commit,
    isRedisReachable,
    async isPostgresReachable() {
      const asked = database.$queryRaw`SELECT 1`.then(
        () => true,
        () => false,
      );
      return Promise.race([asked, delay(probeTimeoutMs, false, { ref: false })]);
    },
  };
}
