import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { bucketSettings, withoutOurs } from '../infra/inherited-environment.mts';
import { type Keys, oldMasterKeys } from './keys.mts';

/** In the order in which they are taken down: first who accepts work, last who is worked against. */
export const appNames = ['gateway', 'worker', 'token-manager', 'simulator'] as const;
export type AppName = (typeof appNames)[number];

export interface StackAddresses {
  databaseUrl: string;
  redisUrl: string;
  tokenManagerUrl: string;
  gatewayUrl: string;
  simulatorUrl: string | undefined;
}

export interface AppSettings extends StackAddresses {
  homeDir: string;
  keys: Keys;
  gatewayHost: string;
  commit: string | undefined;
}

/** The environment of one app: the launcher's own, without secrets that are not that app's. */
export function appEnvironment(app: AppName, settings: AppSettings, inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { keys } = settings;
  const databases = { DATABASE_URL: settings.databaseUrl, REDIS_URL: settings.redisUrl };
  const storage = {
    STORAGE_DIR: givenSetting(inherited, 'STORAGE_DIR') ?? path.join(settings.homeDir, 'media'),
    ...Object.fromEntries(bucketSettings.map((name) => [name, givenSetting(inherited, name)])),
  };
  const tokenManager = { TOKEN_MANAGER_URL: settings.tokenManagerUrl, INTERNAL_KEY: keys.internal };
  const simulator = settings.simulatorUrl === undefined ? {} : { SIMULATOR_URL: settings.simulatorUrl };
  const own: Record<AppName, NodeJS.ProcessEnv> = {
    gateway: {
      ...{ ...databases, ...storage, ...tokenManager, WEB_KEY: keys.web, ADMIN_KEY: keys.admin, API_KEY: keys.api },
      ...listen(settings.gatewayUrl, settings.gatewayHost),
    },
    worker: { ...databases, ...storage, ...tokenManager, ...simulator, WEB_KEY: keys.web },
    'token-manager': {
      ...{ ...databases, ...simulator, MASTER_KEY: keys.master, INTERNAL_KEY: keys.internal },
      OLD_MASTER_KEYS: oldMasterKeys(settings.homeDir, inherited).join(','),
      ...listen(settings.tokenManagerUrl),
    },
    simulator: {
      SIMULATOR_STATE_DIR: path.join(settings.homeDir, 'simulator'),
      ...(settings.simulatorUrl === undefined ? {} : listen(settings.simulatorUrl)),
    },
  };
  return {
    NODE_ENV: 'production',
    ...withoutNpm(withoutOurs(inherited)),
    ...(settings.commit === undefined ? {} : { REELAY_COMMIT: settings.commit }),
    ...own[app],
  };
}

/** A setting that may also be given as `X_FILE`, the path of a file that holds it. Empty counts as not set. */
export function givenSetting(env: NodeJS.ProcessEnv, name: string): string | undefined {
  if (env[name]) return env[name];
  const file = env[`${name}_FILE`];
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '') || undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${name}_FILE names a file that cannot be read (${code}): check the path and its permissions.`);
  }
}

/** Some shells export HOST with the machine's name; only an address is taken as a wish to listen elsewhere. */
export function givenHost(env: NodeJS.ProcessEnv): string {
  return env.HOST && isIP(env.HOST) !== 0 ? env.HOST : '127.0.0.1';
}

/** npm's own variables would make a nested npm or turbo behave as if it were this run. */
export function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_CHANNEL_)/i.test(name)));
}

function listen(url: string, host = '127.0.0.1'): { HOST: string; PORT: string } {
  return { HOST: host, PORT: new URL(url).port };
}
