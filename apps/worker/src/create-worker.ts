/** The worker wired by hand: everything it is made of, and the order in which it ends. */
import { createTargets } from '@reelay/contracts/provider-declarations';
import { createDatabase } from '@reelay/db/client';
import { createSettingsReader } from '@reelay/db/settings';
import { type Consumer, consume } from '@reelay/platform/consume';
import { HttpClient } from '@reelay/platform/http-client';
import type { Logger } from '@reelay/platform/logger';
import { EventPublisher } from '@reelay/platform/messages';
import { openStorage } from '@reelay/platform/open-storage';
import { Queues } from '@reelay/platform/queues';
import { closeRedis, createRedis } from '@reelay/platform/redis';
import { RedisMark } from '@reelay/platform/redis-mark';
import type { StoragePlace } from '@reelay/platform/storage-place';
import { WebhookSecrets } from '@reelay/platform/webhook-secrets';
import { createSolver } from '@reelay/pow/solver';
import { createProviders } from '@reelay/providers/registry';
import { finishMedia } from './jobs/finish.js';
import { pollToken } from './jobs/poll.js';
import { runGeneration } from './jobs/run.js';
import { FailureCounts } from './polling/failure-counts.js';
import { FinishRates } from './polling/finish-rates.js';
import { PollBells } from './polling/poll-bells.js';
import { ListingCache } from './submit/listing-cache.js';
import { LocalTurns } from './submit/local-turns.js';
import { startTimers } from './timers/start-timers.js';
import { CallRecorder } from './upstream/call-recorder.js';
import { CredentialClient } from './upstream/credentials.js';
import { deliverWebhooks } from './webhooks/deliver-webhooks.js';
import type { WorkerParts } from './worker-parts.js';

export interface WorkerOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly tokenManagerUrl: string;
  readonly internalKey: string;
  /** Opens the signing secrets of webhooks. */
  readonly webKey: string;
  readonly fetchAllow: readonly string[];
  readonly storage: StoragePlace;
  readonly simulatorUrl: string | undefined;
  /** Jobs of a kind at once. */
  readonly concurrency: number;
  readonly log: Logger;
  /** Aborted when the process begins to leave. */
  readonly draining: AbortSignal;
  /** What the names in Redis begin with; only tests change it. */
  readonly redisPrefix?: string;
}

export interface RunningWorker {
  /** Takes no more jobs, lets a submit in flight end, abandons polls and fetches, then lets go of everything. */
  close(): Promise<void>;
}

/** A submit is over by then, whatever the upstream does; the launcher may be less patient, and reconciliation makes up for it. */
const submitGraceMs = 60_000;
const otherGraceMs = 300;

/** Resolves when jobs are being taken. */
export async function createWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { log, redisUrl, redisPrefix: prefix, concurrency } = options;
  const producer = createRedis({ url: redisUrl, role: 'producer', log });
  const blocking = createRedis({ url: redisUrl, role: 'worker', log });
  const queues = new Queues({ redis: producer, log, prefix });
  const database = createDatabase({ url: options.databaseUrl, applicationName: 'reelay-worker', poolSize: 12 });
  const http = new HttpClient();
  const solver = createSolver();
  const calls = new CallRecorder(database, log);
  const pollBells = new PollBells(queues);
  const storage = await openStorage(options.storage);
  const parts: WorkerParts = {
    database,
    queues,
    http,
    solver,
    calls,
    settings: createSettingsReader(database),
    publisher: new EventPublisher({ redis: producer, log, prefix }),
    storage,
    providers: createProviders(),
    targets: createTargets(options.simulatorUrl),
    credentials: new CredentialClient({ ...options, http }),
    listings: new ListingCache(),
    turns: new LocalTurns(),
    pollBells,
    pollFailures: new FailureCounts(),
    finishRates: new FinishRates(),
    random: Math.random,
    draining: options.draining,
  };
  const webhooks = { ...parts, secrets: new WebhookSecrets(options.webKey), fetchAllow: options.fetchAllow };
  const consumeOptions = { redis: blocking, log, concurrency, ...(prefix !== undefined && { prefix }) };
  const run = consume('run', (payload, context) => runGeneration(parts, payload, context), consumeOptions);
  const others: Consumer[] = [
    consume('poll', (payload, context) => pollToken(parts, payload, context), consumeOptions),
    consume('webhook', (payload, context) => deliverWebhooks(webhooks, payload, context), consumeOptions),
    consume('finish', (payload, context) => finishMedia(parts, payload, context), {
      ...consumeOptions,
      concurrency: Math.max(2, Math.ceil(concurrency / 4)),
    }),
  ];
  const timers = startTimers(parts, { log, storage, mark: new RedisMark({ redis: producer, prefix }) });
  await Promise.all([run, ...others].map((consumer) => consumer.ready()));
  return {
    async close() {
      await Promise.all([
        timers.close(),
        run.close({ graceMs: submitGraceMs }),
        ...others.map((consumer) => consumer.close({ graceMs: otherGraceMs })),
      ]);
      await Promise.all([calls.flush(), pollBells.close()]);
      await Promise.allSettled([solver.close(), http.close(), queues.close()]);
      await Promise.allSettled([closeRedis(producer), closeRedis(blocking), database.$disconnect()]);
    },
  };
}
