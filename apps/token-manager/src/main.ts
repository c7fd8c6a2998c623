/**
 * The token-manager: keeps upstream accounts and their sealed credentials, and gives waiting generations to free slots.
 * It must never submit work upstream, and no secret but an access token with its proxy may leave it, save in an export that was confirmed.
 */
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, readConfig } from '@reelay/platform/config';
import { armCrashPoint } from '@reelay/platform/crash-point';
import { Lifecycle } from '@reelay/platform/lifecycle';
import { createLogger } from '@reelay/platform/logger';
import { configurationSchema } from './configuration.js';
import { createTokenManager } from './create-token-manager.js';

async function main(): Promise<void> {
  const configuration = readConfig(configurationSchema, process.env);
  const log = createLogger({ app: 'token-manager', format: configuration.LOG_FORMAT, level: configuration.LOG_LEVEL });
  armCrashPoint(configuration.CRASH_AT);
  const lifecycle = new Lifecycle({ log });
  const manager = await createTokenManager({
    databaseUrl: configuration.DATABASE_URL,
    redisUrl: configuration.REDIS_URL,
    masterKey: configuration.MASTER_KEY,
    oldMasterKeys: configuration.OLD_MASTER_KEYS,
    internalKey: configuration.INTERNAL_KEY,
    simulatorUrl: configuration.SIMULATOR_URL,
    host: configuration.HOST,
    port: configuration.PORT,
    version: readVersion(),
    commit: configuration.REELAY_COMMIT,
    log,
  });
  lifecycle.onShutdown('token-manager', () => manager.close(), { timeoutMs: 8_500 });
  lifecycle.announceReady({ url: manager.url });
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8'));
  return (manifest as { version: string }).version;
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
