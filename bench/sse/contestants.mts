/** Who holds the streams: the gateway with everything around it away, or the bare server. Both as Node starts them in a stack. */
import path from 'node:path';
import { newSecret } from '@reelay/platform/keys';
import { freePort } from '../../tools/infra/free-port.mts';
import { root } from '../../tools/infra/paths.mts';
import { appEnvironment } from '../../tools/launcher/app-environment.mts';
import { startApp } from '../../tools/launcher/app-process.mts';
import { inspectable } from '../soak/live-heap.mts';

export interface Contestant {
  name: string;
  pid: number;
  port: number;
  /** Where the events of a generation are. */
  pathOf(generationId: string, afterSeq: number): string;
  /** Lines that should not have been written. */
  complaints: string[];
  stop(): Promise<void>;
}

export interface Surroundings {
  databaseUrl: string;
  redisUrl: string;
  webKey: string;
  homeDir: string;
}

const bad =
  /unhandled rejection|uncaught exception|UnhandledPromiseRejection|MaxListenersExceededWarning|"level":"error"/;

export async function startGateway({ homeDir, webKey, ...urls }: Surroundings): Promise<Contestant> {
  const port = await freePort();
  const settings = {
    ...{ ...urls, homeDir, gatewayUrl: `http://127.0.0.1:${port}`, gatewayHost: '127.0.0.1' },
    ...{ tokenManagerUrl: 'http://127.0.0.1:9', simulatorUrl: undefined, commit: undefined },
    keys: { master: newSecret(), web: webKey, internal: newSecret(), admin: newSecret(), api: newSecret() },
  };
  const env = { ...appEnvironment('gateway', settings, process.env), ...inspectable, LOG_FORMAT: 'json' };
  return start('gateway', path.join(root, 'apps', 'gateway', 'dist', 'main.js'), { env, port }, (id, afterSeq) =>
    afterSeq > 1 ? `/v1/generations/${id}/events?after=${afterSeq}` : `/v1/generations/${id}/events`,
  );
}

export async function startBare({ redisUrl }: Surroundings): Promise<Contestant> {
  const port = await freePort();
  const env = { ...process.env, ...inspectable, REDIS_URL: redisUrl, PORT: `${port}` };
  return start('bare node:http', path.join(import.meta.dirname, 'bare.mts'), { env, port }, (id) => `/${id}`);
}

async function start(
  name: string,
  entry: string,
  { env, port }: { env: NodeJS.ProcessEnv; port: number },
  pathOf: Contestant['pathOf'],
): Promise<Contestant> {
  const complaints: string[] = [];
  const onLine = (line: string) => {
    if (bad.test(line)) complaints.push(line);
  };
  const running = await startApp({ name, entry, env, onLine }, new AbortController().signal);
  return { name, pid: running.pid, port, pathOf, complaints, stop: () => running.stop() };
}
