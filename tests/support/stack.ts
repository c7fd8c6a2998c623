/** A whole Reelay of its own, started the way a user starts it: the launcher with a fresh data folder and free ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defaultSettings, type SettingKey } from '@reelay/contracts/settings';
import { waitFor } from '@reelay/testing/wait-for';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { Client, type QueryResultRow } from 'pg';
import { judgedFetch } from './judged-fetch.js';

export const root = path.join(__dirname, '../..');

export interface RunFile {
  gatewayUrl: string;
  apiKey: string;
  adminUrl: string;
  adminKey: string;
  simulatorUrl: string;
  tokenManagerUrl: string;
  databaseUrl: string;
  redisUrl: string;
  pids: Record<string, number>;
}

export interface LedgerEntry {
  taskId: string;
  prompt: string;
  account: string;
}

export interface StackOptions {
  env?: Record<string, string>;
  /** Run-time settings written before the first request. */
  settings?: Partial<Record<SettingKey, number>>;
  /** Milliseconds of a simulated render. */
  renderMs?: number;
}

export class Stack {
  readonly homeDir = mkdtempSync(path.join(tmpdir(), 'reelay-e2e-'));
  output = '';
  #launcher: ChildProcess | undefined;

  static async start(options: StackOptions = {}): Promise<Stack> {
    const stack = new Stack();
    try {
      await stack.launch({ SIMULATOR_RENDER_MS: String(options.renderMs ?? 3_000), ...options.env });
      if (options.settings) await stack.set(options.settings);
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  async launch(env: Record<string, string> = {}): Promise<void> {
    const launcher = spawn(process.execPath, ['tools/start.mts'], {
      cwd: root,
      env: {
        ...process.env,
        PATH: [path.dirname(process.execPath), path.join(root, 'node_modules/.bin'), process.env.PATH].join(
          path.delimiter,
        ),
        DATABASE_URL: '',
        REDIS_URL: '',
        REELAY_HOME: this.homeDir,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#launcher = launcher;
    for (const stream of [launcher.stdout, launcher.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-4_000_000);
      });
    }
    await waitFor(
      () => {
        if (launcher.exitCode !== null)
          throw new Error(`the launcher ended with ${launcher.exitCode}:\n${this.output}`);
        return this.isRunning;
      },
      { timeoutMs: 90_000, describe: () => `the stack to start:\n${this.output}` },
    );
  }

  get isRunning(): boolean {
    return this.readRun() !== undefined;
  }

  /** As the file says now: pids change when a process is restarted. */
  get run(): RunFile {
    const run = this.readRun();
    if (!run) throw new Error(`the stack does not run:\n${this.output}`);
    return run;
  }

  readRun(): RunFile | undefined {
    try {
      return JSON.parse(readFileSync(path.join(this.homeDir, 'run.json'), 'utf8')) as RunFile;
    } catch {
      return undefined;
    }
  }

  client(options: { apiKey?: string; maxRetries?: number; timeout?: number } = {}): OpenAI {
    const { gatewayUrl, apiKey } = this.run;
    return new OpenAI({ baseURL: `${gatewayUrl}/v1`, apiKey, maxRetries: 0, fetch: judgedFetch, ...options });
  }

  async sql<Row extends QueryResultRow>(query: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.run.databaseUrl });
    await client.connect();
    try {
      return (await client.query<Row>(query, values)).rows;
    } finally {
      await client.end();
    }
  }

  async set(settings: Partial<Record<SettingKey, number>>): Promise<void> {
    for (const [key, value] of Object.entries(settings)) {
      if (!Object.hasOwn(defaultSettings, key)) throw new Error(`there is no setting "${key}"`);
      await this.sql(
        'INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        [key, JSON.stringify(value)],
      );
    }
  }

  async flushRedis(): Promise<void> {
    const redis = new Redis(this.run.redisUrl);
    await redis.flushall();
    redis.disconnect();
  }

  async simulator<Answer>(route: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.run.simulatorUrl}/_sim/${route}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`simulator ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  /** What the upstream accepted for a prompt: the judge of double submits. */
  async submitsOf(prompt: string): Promise<LedgerEntry[]> {
    const { submits } = await this.simulator<{ submits: LedgerEntry[] }>('ledger');
    return submits.filter((submit) => submit.prompt === prompt);
  }

  /** kill -9 of one process by its name in run.json; resolves when its successor is there. */
  async killAndAwaitSuccessor(name: string): Promise<void> {
    const pid = this.run.pids[name];
    if (pid === undefined) throw new Error(`nothing runs under the name "${name}"`);
    process.kill(pid, 'SIGKILL');
    await waitFor(
      () => {
        const successor = this.readRun()?.pids[name];
        return successor !== undefined && successor !== pid;
      },
      { timeoutMs: 30_000, describe: () => `${name} to be started again:\n${this.output.slice(-4_000)}` },
    );
  }

  async stop(): Promise<void> {
    const launcher = this.#launcher;
    if (launcher && launcher.exitCode === null && launcher.signalCode === null) {
      const ended = new Promise((resolve) => launcher.once('exit', resolve));
      launcher.kill('SIGTERM');
      await ended;
    }
    rmSync(this.homeDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
