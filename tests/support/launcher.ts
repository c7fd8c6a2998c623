/** The launcher as a process: started, signalled, read. For a stack that only has to be there, see stack.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import type { RunFile } from './stack.js';

const root = path.join(__dirname, '../..');

/** One run of tools/start.mts, or of another tool that runs until it is stopped. */
export class LauncherProcess {
  output = '';
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(args: readonly string[], env: Record<string, string>, tool = 'tools/start.mts') {
    const none = { DATABASE_URL: '', REDIS_URL: '', SIMULATOR: '', LOG_FORMAT: '', LOG_LEVEL: '', PORT: '0' };
    this.#child = spawn(process.execPath, [tool, ...args], {
      cwd: root,
      env: { ...process.env, ...none, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    // 'close' and not 'exit': the last lines must have been read.
    this.exit = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** A data folder and the launchers that are started in it. */
export class Launcher {
  readonly homeDir = mkdtempSync(path.join(tmpdir(), 'reelay-launcher-'));
  readonly #processes: LauncherProcess[] = [];
  #main: LauncherProcess | undefined;

  static alive(pids: RunFile['pids']): string[] {
    return Object.entries(pids).flatMap(([name, pid]) => (isAlive(pid) ? [`${name} (${pid})`] : []));
  }

  /** Starts one in this folder. */
  again(env: Record<string, string> = {}, args: readonly string[] = []): LauncherProcess {
    const started = new LauncherProcess(args, { ...env, REELAY_HOME: this.homeDir });
    this.#processes.push(started);
    return started;
  }

  /** Makes it the one that the other members speak of, and waits until it is ready. */
  async use(started: LauncherProcess): Promise<void> {
    this.#main = started;
    await waitFor(
      () => {
        if (!started.isAlive) throw new Error(`the launcher has ended:\n${started.output}`);
        return /upstream: |"message":"ready".*"runFile"/.test(started.output);
      },
      { timeoutMs: 90_000, describe: () => `the panel:\n${started.output}` },
    );
  }

  get output(): string {
    return this.#main?.output ?? '';
  }

  get exit(): Promise<number | null> | undefined {
    return this.#main?.exit;
  }

  signal(signal: NodeJS.Signals): void {
    this.#main?.signal(signal);
  }

  get isRunning(): boolean {
    try {
      return this.run !== undefined;
    } catch {
      return false;
    }
  }

  /** As the file says now. */
  get run(): RunFile {
    return JSON.parse(readFileSync(path.join(this.homeDir, 'run.json'), 'utf8')) as RunFile;
  }

  async dispose(): Promise<void> {
    for (const started of this.#processes) if (started.isAlive) started.signal('SIGTERM');
    await Promise.all(this.#processes.map((started) => started.exit));
    rmSync(this.homeDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Occupies a port; what it returns frees it. */
export async function listenOn(port: number): Promise<() => Promise<void>> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** A zombie, which its parent has not looked at yet, is gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
