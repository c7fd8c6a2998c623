// `npm run bench:soak -- --minutes 15`: mixed load on a whole stack in a data folder of its own, and how the memory and the handles of
// each process go meanwhile. Ends with 1 when something grows, a process was lost, a rejection was unhandled or work failed.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { withoutNpm } from '../tools/launcher/app-environment.mts';
import { buildAll } from '../tools/launcher/build.mts';
import type { RunFile } from '../tools/launcher/run-file.mts';
import { type Course, sampleProcess } from './soak/course.mts';
import { judge } from './soak/judge.mts';
import { giveQuota, runLoad } from './soak/load.mts';
import { table } from './table.mts';

const root = path.join(import.meta.dirname, '..');
const minutes = argument('--minutes', 15);
const clients = argument('--clients', 12);
const sampleMs = 2_000;
/** In which caches fill and code is compiled: not counted. */
const warmUpMs = Math.max(30_000, minutes * 20_000);
const bad = /unhandled rejection|uncaught exception|UnhandledPromiseRejection|MaxListenersExceededWarning/;

const homeDir = mkdtempSync(path.join(os.tmpdir(), 'reelay-soak-'));
try {
  process.exitCode = await soak();
} finally {
  rmSync(homeDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function soak(): Promise<number> {
  console.log(`${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, Node ${process.version}`);
  console.log(`${minutes} minutes, ${clients} clients at once; counted after ${Math.round(warmUpMs / 1000)} s\n`);
  await buildAll({ env: process.env, signal: new AbortController().signal });
  const { launcher, run, complaints } = await start();
  const over = new AbortController();
  const course: Course = new Map();
  const sampling = sample(course, run.pids, over.signal);
  await giveQuota(run);
  const done = await runLoad(run, { clients, endsAt: Date.now() + minutes * 60_000 });
  over.abort();
  await sampling;
  const survivors = readRun().pids;
  const exit = new Promise((resolve) => launcher.once('exit', resolve));
  launcher.kill('SIGTERM');
  await exit;

  const judged = judge(course, warmUpMs);
  console.log(
    table(['process', 'memory at the end', 'slope', 'standard error', 'handles', 'threads', ''], judged.rows),
  );
  console.log(
    `\n${table(
      ['work', 'how often', 'failed'],
      done.map(({ what, count, failed }) => [what, `${count}`, `${failed}`]),
    )}`,
  );
  const lost = Object.keys(run.pids).filter((name) => survivors[name] !== run.pids[name]);
  for (const line of complaints.slice(0, 10)) console.log(line);
  console.log(
    `\nunhandled rejections and the like: ${complaints.length}; processes lost: ${lost.join(', ') || 'none'}`,
  );
  console.log(
    `Method: Pss of /proc/*/smaps_rollup and entries of /proc/*/fd every ${sampleMs / 1000} s; slope by least squares over means of
20 s, which are less correlated than samples, its standard error from the residuals. "grows": the slope is above 0.5 MB/min and above three
standard errors, or there were more handles at every moment of the last third than at any of the first.`,
  );
  const failed = done.reduce((sum, work) => sum + work.failed, 0);
  return judged.grows.length === 0 && complaints.length === 0 && lost.length === 0 && failed === 0 ? 0 : 1;
}

async function sample(course: Course, pids: Record<string, number>, signal: AbortSignal): Promise<void> {
  const startedAt = Date.now();
  while (!signal.aborted) {
    for (const [name, pid] of Object.entries(pids)) {
      const seen = sampleProcess(pid);
      if (seen) course.set(name, [...(course.get(name) ?? []), { ...seen, atMs: Date.now() - startedAt }]);
    }
    await delay(sampleMs, undefined, { signal }).catch(() => undefined);
  }
}

async function start(): Promise<{ launcher: ChildProcess; run: RunFile; complaints: string[] }> {
  const ours = ['DATABASE_URL', 'REDIS_URL', 'SIMULATOR', 'LOG_FORMAT', 'LOG_LEVEL', 'API_KEY', 'ADMIN_KEY'];
  const inherited = Object.entries(withoutNpm(process.env)).filter(([name]) => !ours.includes(name));
  const launcher = spawn(process.execPath, ['tools/start.mts'], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), REELAY_HOME: homeDir, PORT: '0', SIMULATOR_RENDER_MS: '1500' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const complaints: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const last: string[] = [];
    const hear = (line: string) => {
      if (bad.test(line)) complaints.push(line);
      last.push(line);
      if (last.length > 30) last.shift();
      if (line.includes('upstream: ')) resolve();
    };
    for (const stream of [launcher.stdout, launcher.stderr]) createInterface({ input: stream! }).on('line', hear);
    launcher.once('exit', () => reject(new Error(`the stack ended before it was there:\n${last.join('\n')}`)));
  });
  return { launcher, run: readRun(), complaints };
}

function readRun(): RunFile {
  return JSON.parse(readFileSync(path.join(homeDir, 'run.json'), 'utf8')) as RunFile;
}

function argument(name: string, fallback: number): number {
  const at = process.argv.indexOf(name);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (Number.isFinite(value) && value > 0) return value;
  console.error(`${name} takes a number above 0, e.g. ${name} ${fallback}`);
  process.exit(1);
}
