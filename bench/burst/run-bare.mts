import { fork } from 'node:child_process';
import path from 'node:path';

export interface Bare {
  url: string;
  stop(): void;
}

/** A server that answers everything with this JSON, in a process of its own. @throws when that process ends before it listens */
export function runBare(body: string): Promise<Bare> {
  return new Promise((resolve, reject) => {
    const server = fork(path.join(import.meta.dirname, 'bare.mts'));
    const stop = () => {
      if (server.connected) server.disconnect();
    };
    server.once('message', (port) => resolve({ url: `http://127.0.0.1:${port as number}`, stop }));
    server.once('error', reject);
    server.once('exit', (code, signal) => reject(new Error(`the bare server ended with ${code ?? signal}`)));
    server.send(body);
  });
}
