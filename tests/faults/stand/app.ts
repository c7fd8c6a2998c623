/** One app as a process that a fault test kills, stops and wakes; what dies is started again at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { waitFor } from '@reelay/testing/wait-for';

export interface AppOptions {
  name: string;
  /** Program and arguments. */
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  onLine: (line: string) => void;
}

export interface AppEnd {
  app: string;
  pid: number;
  at: number;
  /** "code 1" or a signal. */
  how: string;
  /** Whether this test or a crash point did it. */
  isOurs: boolean;
  /** One that cannot reach its database at its start ends, and is started again: that is how it is meant. */
  wasReady: boolean;
}

const startTimeoutMs = 60_000;

export class App {
  readonly name: string;
  readonly ends: AppEnd[] = [];
  #options: AppOptions;
  #child: ChildProcess | undefined;
  #isReady = false;
  #isStopping = false;
  #isDraining = false;
  /** Of what is started from here on. */
  #more: { env: Record<string, string>; flags: readonly string[] } = { env: {}, flags: [] };

  constructor(options: AppOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  async start(): Promise<void> {
    this.#isDraining = false;
    this.#spawn();
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    await waitFor(() => this.#isReady, { timeoutMs: startTimeoutMs, describe: `${this.name} to be ready` });
  }

  /** SIGKILL also ends a stopped process. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** kill -9; resolves when the successor serves. */
  async replace(more: { env?: Record<string, string>; flags?: readonly string[] } = {}): Promise<void> {
    this.#more = { env: more.env ?? {}, flags: more.flags ?? [] };
    const before = this.pid;
    this.kill();
    await waitFor(() => this.pid !== before && this.#isReady, {
      timeoutMs: startTimeoutMs,
      describe: `${this.name} to be started again`,
    });
  }

  /** Its successors get nothing that `replace` gave. */
  startPlain(): void {
    this.#more = { env: {}, flags: [] };
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#child?.kill(signal);
  }

  /** SIGTERM: how it ended, which is by force when it takes longer. Until `start` nothing takes its place. */
  async drain(withinMs: number): Promise<string | undefined> {
    this.#isDraining = true;
    const child = this.#child;
    if (!child) return undefined;
    const ended = new Promise<string>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`)),
    );
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), withinMs);
    const how = await ended;
    clearTimeout(force);
    return how;
  }

  /** Ends it for good, in order, and by force after a while. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
  }

  #spawn(): void {
    const { command, env, onLine } = this.#options;
    const [file = '', ...args] = command;
    const main = args.at(-1) ?? '';
    const child = spawn(file, [...args.slice(0, -1), ...this.#more.flags, main], {
      env: { ...env, ...this.#more.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.on('message', (message) => {
      if ((message as { type?: string }).type === 'ready') this.#isReady = true;
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', onLine);
    }
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `code ${code}`));
    child.once('error', (error) => onLine(`${this.name} could not be started: ${error.message}`));
  }

  #ended(child: ChildProcess, how: string): void {
    const isOurs = this.#isStopping || how === 'SIGKILL';
    this.ends.push({ app: this.name, pid: child.pid ?? 0, at: Date.now(), how, isOurs, wasReady: this.#isReady });
    this.#isReady = false;
    this.#child = undefined;
    if (this.#isStopping || this.#isDraining) return;
    // A process that ends by itself at once must not be started in a circle.
    setTimeout(() => !this.#isStopping && this.#spawn(), isOurs ? 0 : 500);
  }
}
