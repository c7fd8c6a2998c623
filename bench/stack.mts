/** A whole stack with the simulator, in a data folder of its own that goes with it. It must never touch one that was there before. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { leash } from '../tools/infra/leash.mts';
import { withoutNpm } from '../tools/launcher/app-environment.mts';
import type { RunFile } from '../tools/launcher/run-file.mts';

const root = path.join(import.meta.dirname, '..');
const bad = /unhandled rejection|uncaught exception|UnhandledPromiseRejection|MaxListenersExceededWarning/;
/** What would lead the stack to servers or keys that are in use. */
const dropped = /^(DATABASE_URL|REDIS_URL|SIMULATOR\w*|LOG_FORMAT|LOG_LEVEL|\w+_KEYS?)(_FILE)?$/;

export interface Stack {
  homeDir: string;
  run: RunFile;
  /** Lines that no process should ever have written. */
  complaints: string[];
  /** Names of the processes that had to be started again. */
  lostProcesses(): string[];
  stop(): Promise<void>;
}

export async function startStack(env: Record<string, string>): Promise<Stack> {
  const homeDir = mkdtempSync(path.join(os.tmpdir(), 'reelay-bench-'));
  const inherited = Object.entries(withoutNpm(process.env)).filter(([name]) => !dropped.test(name));
  const [command = '', ...args] = [...leash('TERM'), process.execPath, 'tools/start.mts'];
  const launcher = spawn(command, args, {
    cwd: root,
    env: { ...Object.fromEntries(inherited), REELAY_HOME: homeDir, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise((resolve) => launcher.once('exit', resolve));
  const stop = async () => {
    launcher.kill('SIGTERM');
    await exit;
    rmSync(homeDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  }
  const readRun = () => JSON.parse(readFileSync(path.join(homeDir, 'run.json'), 'utf8')) as RunFile;
  const complaints: string[] = [];
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const hear = (line: string) => {
      if (bad.test(line)) complaints.push(line);
      if (last.push(line) > 30) last.shift();
      if (line.includes('upstream: ')) resolve();
    };
    for (const stream of [launcher.stdout, launcher.stderr]) createInterface({ input: stream }).on('line', hear);
    void exit.then(() => reject(new Error(`the stack ended before it was there:\n${last.join('\n')}`)));
  }).catch(async (error: Error) => {
    await stop();
    throw error;
  });
  const run = readRun();
  const lostProcesses = () => {
    const { pids } = readRun();
    return Object.keys(run.pids).filter((name) => pids[name] !== run.pids[name]);
  };
  return { homeDir, run, complaints, lostProcesses, stop };
}
