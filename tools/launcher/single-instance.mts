import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** What the launcher that holds a folder tells whoever asks. No secrets: every user of the machine can ask. */
export interface InstanceStatus {
  pid: number;
  state: 'starting' | 'ready' | 'stopping';
  gatewayUrl?: string;
}

export interface Instance {
  announce(status: Omit<InstanceStatus, 'pid'>): void;
  release(): void;
}

/**
 * Takes a folder for this process, or returns undefined because another process has it. The lock is a listening socket: only one
 * process can bind its name, and the kernel frees it with the process, so that nothing stale is left after `kill -9`.
 */
export async function claimInstance(homeDir: string, purpose: string): Promise<Instance | undefined> {
  const address = socketAddress(homeDir, purpose);
  let status: InstanceStatus = { pid: process.pid, state: 'starting' };
  const connections = new Set<net.Socket>();
  const server = net.createServer((connection) => {
    connections.add(connection);
    connection.on('error', () => {});
    connection.on('close', () => connections.delete(connection));
    connection.resume();
    connection.write(`${JSON.stringify(status)}\n`);
  });
  if (!(await listenOn(server, address))) return undefined;
  server.unref();
  return {
    announce: (news) => {
      status = { pid: process.pid, ...news };
      for (const connection of connections) connection.write(`${JSON.stringify(status)}\n`);
    },
    release: () => {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

/** As `claimInstance`, but waits for its turn. */
export async function awaitInstance(
  homeDir: string,
  purpose: string,
  onWait: () => void,
  signal?: AbortSignal,
): Promise<Instance> {
  for (let round = 0; ; round += 1) {
    signal?.throwIfAborted();
    const instance = await claimInstance(homeDir, purpose);
    if (instance !== undefined) return instance;
    if (round === 0) onWait();
    await delay(100);
  }
}

/** What the holder of the folder says, or undefined if there is none. `onEnd` is called once when it begins to end, or is gone. */
export function askInstance(
  homeDir: string,
  purpose: string,
  onEnd?: () => void,
): Promise<Partial<InstanceStatus> | undefined> {
  return new Promise((resolve) => {
    const connection = net.connect({ path: socketAddress(homeDir, purpose) });
    let holder: Partial<InstanceStatus> | undefined;
    const answer = (status: Partial<InstanceStatus> | undefined) => {
      clearTimeout(timer);
      holder = status;
      resolve(status);
      if (onEnd === undefined || status === undefined) connection.destroy();
    };
    // A stopped process (SIGSTOP) holds the folder without answering; one that waits for initdb on a busy machine answers late.
    const timer = setTimeout(() => answer({}), 10_000);
    connection.on('close', () => (holder === undefined ? answer(undefined) : onEnd?.()));
    // The interface passes an error of the connection on as its own.
    const lines = createInterface({ input: connection }).on('error', () => answer(undefined));
    lines.on('line', (line) => {
      const status = JSON.parse(line) as InstanceStatus;
      if (holder === undefined) answer(status);
      else if (status.state === 'stopping') connection.destroy();
    });
  });
}

async function listenOn(server: net.Server, address: string): Promise<boolean> {
  const tryOnce = () =>
    new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      );
      server.listen({ path: address }, () => resolve(true));
    });
  if (await tryOnce()) return true;
  if (address.startsWith('\0') || (await canConnect(address))) return false;
  // Only where sockets are files: the last holder was killed and left its file.
  rmSync(address, { force: true });
  return tryOnce();
}

function canConnect(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect({ path: address });
    connection.once('connect', () => resolve(true)).once('error', () => resolve(false));
    connection.once('connect', () => connection.destroy());
  });
}

/** Linux: a name without a file, which vanishes with its process. Elsewhere: a file under the temporary folder. */
function socketAddress(homeDir: string, purpose: string): string {
  mkdirSync(homeDir, { recursive: true });
  const name = createHash('sha256').update(realpathSync(homeDir)).digest('hex').slice(0, 24);
  if (process.platform === 'linux') return `\0reelay-${purpose}-${name}`;
  return path.join(os.tmpdir(), `reelay-${purpose}-${name}.sock`);
}
