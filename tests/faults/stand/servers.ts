/** The throw-away PostgreSQL and Redis of a fault test, in a process of their own that restarts them on order. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { root } from '../../support/stack.js';

export type Order = 'restart-postgres-fast' | 'restart-postgres-immediate' | 'restart-redis-empty';

interface Begun {
  databaseUrl: string;
  redisUrl: string;
}
interface Done {
  id: number;
  error?: string;
}

export class Servers {
  readonly #child: ChildProcess;
  #orders = 0;

  private constructor(
    child: ChildProcess,
    readonly databaseUrl: string,
    readonly redisUrl: string,
  ) {
    this.#child = child;
  }

  static async start(): Promise<Servers> {
    const child = fork(path.join(root, 'tools/test/throw-away-servers.mts'), { execArgv: [], silent: true });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text));
    const begun = await new Promise<Begun>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Begun));
      child.once('exit', (code) => reject(new Error(`the servers of the fault tests ended with ${code}:\n${said}`)));
    });
    return new Servers(child, begun.databaseUrl, begun.redisUrl);
  }

  /** Resolves when the server serves again. */
  async order(order: Order): Promise<void> {
    this.#orders += 1;
    const id = this.#orders;
    const done = new Promise<Done>((resolve, reject) => {
      const listen = (message: unknown) => {
        if ((message as Done).id !== id) return;
        this.#child.off('message', listen);
        resolve(message as Done);
      };
      this.#child.on('message', listen);
      this.#child.once('exit', () => reject(new Error(`the servers ended during ${order}`)));
    });
    this.#child.send({ id, order });
    const { error } = await done;
    if (error !== undefined) throw new Error(`${order}: ${error}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await ended;
  }
}
