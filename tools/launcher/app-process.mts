import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { leash } from '../infra/leash.mts';
import { root } from '../infra/paths.mts';
import type { RunningChild } from './supervised-child.mts';

export interface AppCommand {
  name: string;
  /** The compiled main.js. */
  entry: string;
  env: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
}

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 8_000;
/**
 * V8 grows its young generation to 3 × 16 MB in every app while it starts and does not give it back: 30 MB each for nothing. Only the gateway
 * makes so much that soon is waste that collecting it four times as often would cost a tenth of what it can answer.
 */
export function nodeFlags(app: string): string[] {
  return ['--enable-source-maps', `--max-semi-space-size=${app === 'gateway' ? 16 : 4}`];
}

/** Starts an app and waits until it says over its channel that it serves. */
export async function startApp(command: AppCommand, signal: AbortSignal): Promise<RunningChild> {
  signal.throwIfAborted();
  const [file = '', ...args] = [...leash('KILL'), process.execPath, ...nodeFlags(command.name), command.entry];
  const child = spawn(file, args, {
    cwd: root,
    env: command.env,
    // A process group of its own: Ctrl-C in the terminal must not reach it before its turn.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  forwardLines(child, command.onLine);
  const running = control(child);
  const abort = () => running.kill();
  signal.addEventListener('abort', abort);
  try {
    const outcome = await Promise.race([
      untilReady(child),
      running.ended,
      delay(readyTimeoutMs, 'late', { ref: false }),
    ]);
    if (outcome === 'ready') return running;
    running.kill();
    const reason =
      outcome === 'late' ? `was not ready after ${readyTimeoutMs / 1000} s` : `${outcome} before it was ready`;
    throw new Error(`${command.name} ${reason}`);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function untilReady(child: ChildProcess): Promise<'ready'> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready')
        resolve('ready');
    });
  });
}

function forwardLines(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', onLine).on('error', () => {}); // a broken pipe means that the app is ending
  }
}

function control(child: ChildProcess): RunningChild {
  const ended = new Promise<string>((resolve) => {
    const end = (words: string) => resolve(words);
    child.on('error', (error) => end(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      const words = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      // Its last lines are still in the pipe; wait for them, but not for a grandchild that keeps the pipe open.
      child.once('close', () => end(words));
      setTimeout(() => end(words), 300).unref();
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await ended;
      clearTimeout(force);
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
