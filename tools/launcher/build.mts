import { spawn } from 'node:child_process';
import path from 'node:path';
import { withoutOurs } from '../infra/inherited-environment.mts';
import { leash } from '../infra/leash.mts';
import { root } from '../infra/paths.mts';
import { withoutNpm } from './app-environment.mts';
import { awaitInstance } from './single-instance.mts';

export interface BuildOptions {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Only this part and what it is made of; everything, if not given. */
  only?: string;
  /** Another process builds this checkout; it is waited for. */
  onWait?: () => void;
}

export interface BuildResult {
  built: number;
  cached: number;
}

/** Builds what has changed of all packages and apps, or of one part; one process at a time per checkout. Throws with the compiler's words. */
export async function buildAll(options: BuildOptions): Promise<BuildResult> {
  const turn = await awaitInstance(root, 'build', options.onWait ?? (() => {}), options.signal);
  try {
    const { code, text } = await runTurbo(options);
    options.signal.throwIfAborted();
    if (code !== 0) throw new Error(`The build failed (turbo run build):\n${text.trim()}`);
    const [, cached = '0', total = '0'] = /Cached:\s+(\d+) cached, (\d+) total/.exec(text) ?? [];
    return { built: Number(total) - Number(cached), cached: Number(cached) };
  } finally {
    turn.release();
  }
}

function runTurbo({ env, signal, only }: BuildOptions): Promise<{ code: number | null; text: string }> {
  const turbo = path.join(root, 'node_modules', '.bin', 'turbo');
  const flags = ['--output-logs=errors-only', '--log-order=grouped', '--no-color', '--concurrency=100%'];
  const [file = '', ...args] = [...leash('TERM'), turbo, 'run', 'build', ...flags, ...(only ? ['--filter', only] : [])];
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: root,
      env: {
        ...withoutNpm(withoutOurs(env)),
        TURBO_TELEMETRY_DISABLED: '1',
        DO_NOT_TRACK: '1',
        TURBO_NO_UPDATE_NOTIFIER: '1',
      },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text = (text + chunk).slice(-20_000);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop);
      resolve({ code, text });
    });
  });
}
