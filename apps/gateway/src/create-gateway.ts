/** The gateway wired by hand: everything that lives as long as the process is made here, and closed here in reverse. */
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ensureApiKey } from '@reelay/db/api-keys/ensure-api-key';
import { createDatabase } from '@reelay/db/client';
import { gatherAccepts } from '@reelay/db/generations/gathered-accepts';
import { holdWaiterKey } from '@reelay/db/generations/hold-waiter-key';
import { listLaneStates } from '@reelay/db/lanes/list-lane-states';
import { LongLines } from '@reelay/db/lanes/long-lines';
import { createSettingsReader } from '@reelay/db/settings';
import { CountingWindow } from '@reelay/platform/counting-window';
import { beginningOfApiKey, hashApiKey } from '@reelay/platform/keys';
import type { Logger } from '@reelay/platform/logger';
import { EventPublisher, EventSubscriber } from '@reelay/platform/messages';
import { openStorage } from '@reelay/platform/open-storage';
import { Queues } from '@reelay/platform/queues';
import { closeRedis, createRedis } from '@reelay/platform/redis';
import { storagePlaceOf } from '@reelay/platform/storage-place';
import { WebhookSecrets } from '@reelay/platform/webhook-secrets';
import type { FastifyInstance } from 'fastify';
import { registerBoard } from './admin/board/register-board.js';
import { TokenManagerClient } from './admin/token-manager-client.js';
import type { Configuration } from './configuration.js';
import { StreamLimits } from './events/stream-limits.js';
import { WatchHub } from './events/watch-hub.js';
import { createGatewayModule } from './gateway.module.js';
import type { GatewayParts } from './gateway-parts.js';
import { Bell } from './generations/bell.js';
import { Waiters } from './generations/waiters.js';
import { ApiKeyAuthenticator } from './http/api-key-authenticator.js';
import { registerClosedDoors } from './http/closed-doors.js';
import { registerCors } from './http/cors.js';
import { ErrorFilter } from './http/error.filter.js';
import { createHttpAdapter } from './http/http-adapter.js';
import { KeyGuard } from './http/key.guard.js';
import { MemoryBudget } from './http/memory-budget.js';
import { createNestLogger } from './http/nest-logger.js';
import { RequestRate } from './http/request-rate.js';
import { RequestTurns } from './http/request-turns.js';
import { RouteTable } from './http/route-table.js';
import { Turnstile } from './http/turnstile.js';
import { MediaLinks } from './media/media-links.js';
import { LaneStates } from './openai/lane-states.js';
import { VariantMaker } from './variants/variant-maker.js';

export interface GatewayOptions {
  configuration: Configuration;
  log: Logger;
  version: string;
  /** The folders in which programs are looked for, as PATH has them; none by default. */
  searchPath?: string;
  /** Before every Redis key and channel; tests of several gateways on one Redis need their own. */
  redisPrefix?: string;
  /** Called before routes are added; tests look from here at every answer. */
  prepareServer?: (server: FastifyInstance) => void;
}

export interface Gateway {
  readonly routes: RouteTable;
  /** The address it listens on, with the port it got. */
  listen(): Promise<string>;
  /** Streams are ended with a word, running answers are finished, connections closed. */
  close(): Promise<void>;
}

const minuteMs = 60_000;
/** How long running answers (downloads) may take to finish once the process stops. */
const finishMs = 4_000;
/** Bytes of large bodies and fetched references at once; what is made of them while they are read takes about as much again. */
const largeBodiesBytes = 256 * 1024 * 1024;
/** How long a large body may wait for its room. */
const largeBodyPatienceMs = 30_000;
/** Connections that wait to be taken in. One more than the system holds (511 by default) tries again after one second, then three. */
const mostUntaken = 4_096;
/** Of requests that make generations. The patience ends before that of common load balancers (60 s). */
const turns = { atOnce: 16, mostWaiting: 5_000, patienceMs: 55_000, longestTurnMs: 500 };

export async function createGateway({
  configuration,
  log,
  version,
  redisPrefix,
  searchPath = '',
  prepareServer,
}: GatewayOptions): Promise<Gateway> {
  const { DATABASE_URL, REDIS_URL, WEB_KEY, ADMIN_KEY, API_KEY } = configuration;
  const stopping = new AbortController();
  const database = createDatabase({ url: DATABASE_URL, applicationName: 'gateway', poolSize: 15 });
  const settings = createSettingsReader(database);
  const producer = createRedis({ url: REDIS_URL, role: 'producer', log });
  const subscriberRedis = createRedis({ url: REDIS_URL, role: 'subscriber', log });
  const waiterKey = await holdWaiterKey({
    url: DATABASE_URL,
    applicationName: 'gateway-waiter',
    onTrouble: (error) => log.debug({ error }, 'lock of this process lost, taking it again'),
  });
  const prefix = redisPrefix === undefined ? {} : { prefix: redisPrefix };
  const queues = new Queues({ redis: producer, log, ...prefix });
  const subscriber = new EventSubscriber({ redis: subscriberRedis, log, ...prefix });
  const hub = new WatchHub({ database, subscriber, settings, log });
  const waiters = new Waiters({ database, waiterKey, log });

  if (API_KEY !== undefined) await ensureApiKey(database, configuredKey(WEB_KEY, API_KEY));

  const apiKeys = new ApiKeyAuthenticator({ database, webKey: WEB_KEY, log });
  const storage = await openStorage(storagePlaceOf(configuration));
  const parts: GatewayParts = {
    database,
    settings,
    queues,
    bell: new Bell(queues),
    publisher: new EventPublisher({ redis: producer, log, ...prefix }),
    storage,
    variants: new VariantMaker({
      ...{ database, storage, log, stopping: stopping.signal, ffmpeg: configuration.FFMPEG_PATH, searchPath },
    }),
    budget: new MemoryBudget({ totalBytes: largeBodiesBytes, patienceMs: largeBodyPatienceMs }),
    turns: new RequestTurns(new Turnstile(turns), (authorization) => apiKeys.lineOf(authorization)),
    fetchAllow: configuration.FETCH_ALLOW,
    hub,
    streams: new StreamLimits(),
    waiters,
    accepts: gatherAccepts(database),
    lines: new LongLines({ database }),
    laneStates: new LaneStates(() => listLaneStates(database)),
    links: new MediaLinks({ webKey: WEB_KEY, settings }),
    tokenManager: new TokenManagerClient({
      url: configuration.TOKEN_MANAGER_URL,
      internalKey: configuration.INTERNAL_KEY,
    }),
    adminKey: ADMIN_KEY,
    webhookSecrets: new WebhookSecrets(WEB_KEY),
    hashApiKey: (key) => hashApiKey(WEB_KEY, key),
    log,
    stopping: stopping.signal,
    publicUrl: configuration.PUBLIC_URL,
    version,
    commit: configuration.REELAY_COMMIT ?? null,
    isRedisReady: () => producer.status === 'ready',
  };
  const routes = new RouteTable();
  const errors = new ErrorFilter(routes, log);
  const guard = new KeyGuard({
    apiKeys,
    rate: new RequestRate({
      settings,
      window: new CountingWindow({ redis: producer, windowMs: minuteMs, log, ...prefix }),
    }),
    adminKey: ADMIN_KEY,
  });
  const trustProxy = configuration.TRUST_PROXY ?? false;
  const adapter = createHttpAdapter({ routes, errors, log, trustProxy, stopping: stopping.signal });
  prepareServer?.(adapter.getInstance());
  registerCors(adapter.getInstance(), settings);
  registerClosedDoors(adapter.getInstance(), { apiKeys, adminKey: ADMIN_KEY });
  parts.turns.register(adapter.getInstance(), stopping.signal);
  registerBoard({ server: adapter.getInstance(), parts, errors, webKey: WEB_KEY });
  const app = await NestFactory.create<NestFastifyApplication>(createGatewayModule({ parts, guard, errors }), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: createNestLogger(log),
  });

  return {
    routes,
    async listen() {
      await app.listen({ port: configuration.PORT, host: configuration.HOST, backlog: mostUntaken });
      return reachableUrl(await app.getUrl());
    },
    async close() {
      stopping.abort();
      const server = app.getHttpServer();
      // A connection whose last answer ends now would otherwise stay open for its keep-alive time.
      const sweep = setInterval(() => server.closeIdleConnections(), 20);
      const cutOff = setTimeout(() => server.closeAllConnections(), finishMs);
      await app.close();
      clearTimeout(cutOff);
      clearInterval(sweep);
      hub.close();
      await waiters.close();
      await waiterKey.close();
      await queues.close();
      await Promise.all([closeRedis(producer), closeRedis(subscriberRedis)]);
      await database.$disconnect();
    },
  };
}

function configuredKey(webKey: string, apiKey: string) {
  const prefix = beginningOfApiKey(apiKey);
  return { id: 'default', ownerId: 'default', name: 'default', prefix, macHex: hashApiKey(webKey, apiKey) };
}

/** What listens on every interface is reached on this machine by its loopback address. */
function reachableUrl(url: string): string {
  return url
    .replace('//[::]:', '//127.0.0.1:')
    .replace('//0.0.0.0:', '//127.0.0.1:')
    .replace('//[::1]:', '//127.0.0.1:');
}
