/**
 * The worker: does the work of the queues `run`, `poll`, `finish` and `webhook`, and keeps the timers that repair what was lost.
 * It must never write a terminal state except through `endGeneration`, and never send a submit that its journal has not committed.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ConfigError, commonSettings, placesSetting, readConfig, secretSetting } from '@reelay/platform/config';
import { armCrashPoint } from '@reelay/platform/crash-point';
import { Lifecycle } from '@reelay/platform/lifecycle';
import { createLogger } from '@reelay/platform/logger';
import { refuseStorageProblem, storagePlaceOf, storageSettings } from '@reelay/platform/storage-place';
import { z } from 'zod';
import type { RunningWorker } from './create-worker.js';
import { WORKER, workerModule } from './worker.module.js';

const shape = z.object({
  ...commonSettings,
  ...storageSettings,
  INTERNAL_KEY: secretSetting('INTERNAL_KEY'),
  WEB_KEY: secretSetting('WEB_KEY'),
  /** Private places that events may be sent to, although their addresses come from clients. */
  FETCH_ALLOW: placesSetting,
  TOKEN_MANAGER_URL: z.url({ protocol: /^https?$/, error: 'must look like http://127.0.0.1:8001' }),
  SIMULATOR_URL: z.url({ protocol: /^https?$/, error: 'must look like http://127.0.0.1:8088' }).optional(),
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(500).default(32),
  /** Only fault tests set it: where this process is to kill itself. */
  CRASH_AT: z.string().optional(),
});
const settings = shape.superRefine(refuseStorageProblem);

/** A submit in flight may take a minute; everything else is over at once. */
const drainTimeoutMs = 66_000;

async function main(): Promise<void> {
  const config = readConfig(settings, process.env);
  const log = createLogger({ app: 'worker', format: config.LOG_FORMAT, level: config.LOG_LEVEL });
  armCrashPoint(config.CRASH_AT);
  const lifecycle = new Lifecycle({ log, totalTimeoutMs: drainTimeoutMs + 4_000 });
  const options = {
    databaseUrl: config.DATABASE_URL,
    redisUrl: config.REDIS_URL,
    tokenManagerUrl: config.TOKEN_MANAGER_URL,
    internalKey: config.INTERNAL_KEY,
    webKey: config.WEB_KEY,
    fetchAllow: config.FETCH_ALLOW,
    storage: storagePlaceOf(config),
    simulatorUrl: config.SIMULATOR_URL,
    concurrency: config.WORKER_CONCURRENCY,
    log,
    draining: lifecycle.signal,
  };
  const app = await NestFactory.createApplicationContext(workerModule(options), {
    logger: false,
    abortOnError: false,
  });
  const worker = app.get<RunningWorker>(WORKER);
  lifecycle.onShutdown('worker', () => worker.close(), { timeoutMs: drainTimeoutMs });
  lifecycle.announceReady();
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
