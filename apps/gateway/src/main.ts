/**
 * The gateway: clients' APIs in front of the pool. It accepts, streams and serves; it never talks to an upstream and holds no
 * upstream credential.
 */
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, readConfig } from '@reelay/platform/config';
import { armCrashPoint } from '@reelay/platform/crash-point';
import { Lifecycle } from '@reelay/platform/lifecycle';
import { createLogger } from '@reelay/platform/logger';
import { configurationSchema } from './configuration.js';
import { createGateway } from './create-gateway.js';

async function main(): Promise<void> {
  const configuration = readConfig(configurationSchema, process.env);
  armCrashPoint(process.env.CRASH_AT);
  const log = createLogger({ app: 'gateway', format: configuration.LOG_FORMAT, level: configuration.LOG_LEVEL });
  const lifecycle = new Lifecycle({ log });
  const searchPath = process.env.PATH ?? '';
  const gateway = await createGateway({ configuration, log, version: readVersion(), searchPath });
  lifecycle.onShutdown('gateway', () => gateway.close(), { timeoutMs: 8_000 });
  lifecycle.announceReady({ url: await gateway.listen() });
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string };
  return version;
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) console.error(error.message);
  else console.error('The gateway could not start:', error);
  process.exit(1);
});
