import { randomInt } from 'node:crypto';
import net from 'node:net';
import { freePort, wantedOrFreePort } from '../infra/free-port.mts';

export interface ChosenPort {
  port: number;
  /** A sentence for the user if it is not the port that was asked for. */
  note: string | undefined;
}

const defaultGatewayPort = 8000;

/** The gateway's port: PORT, else 8000; the next free one where that is taken. */
export async function chooseGatewayPort(env: NodeJS.ProcessEnv, host: string): Promise<ChosenPort> {
  const wanted = wantedGatewayPort(env);
  if (wanted === 0) return { port: await choosePort(), note: undefined };
  for (let port = wanted; port <= Math.min(wanted + 20, 65_535); port += 1) {
    if (await isFree(port, host)) return { port, note: port === wanted ? undefined : taken(wanted, port) };
  }
  const port = await choosePort();
  return { port, note: taken(wanted, port) };
}

export function wantedGatewayPort(env: NodeJS.ProcessEnv): number {
  const port = env.PORT ? Number(env.PORT) : defaultGatewayPort;
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error('PORT is not a port number: give one from 1 to 65535, or 0 for any free port.');
}

/**
 * A free port of 127.0.0.1 for a service of our own. Taken from below the range that the system gives to outgoing connections: one
 * of those could occupy it before the service listens, or while it is restarted.
 */
export async function choosePort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const port = randomInt(20_000, 30_000);
    if (await isFree(port, '127.0.0.1')) return port;
  }
  return freePort();
}

export async function isFree(port: number, host: string): Promise<boolean> {
  return (await wantedOrFreePort(port, host)) === port;
}

/** Whether anybody answers there within three seconds. */
export function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: host.replace(/^\[|\]$/g, ''), port, timeout: 3_000 });
    const finish = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
  });
}

function taken(wanted: number, port: number): string {
  return `port ${wanted} is taken by another program, so the gateway listens on ${port}`;
}
