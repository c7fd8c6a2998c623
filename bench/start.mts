// `npm run bench:start`: how long from `npm start` to the panel, how long until the first video, how much memory when idle.
// Runs the real command in a data folder of its own, with the dependencies and the build that are there. With `--clone`: how long from
// `git clone` to the first video, with nothing there, not even what npm keeps of earlier downloads.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { withoutNpm } from '../tools/launcher/app-environment.mts';
import { buildAll } from '../tools/launcher/build.mts';
import type { RunFile } from '../tools/launcher/run-file.mts';
import { memoryOfTree, type ProcessMemory } from './memory.mts';
import { table } from './table.mts';

const root = path.join(import.meta.dirname, '..');
const idleMs = 15_000;
const goals = { panelSeconds: 15, videoSeconds: 12, memoryMegabytes: 800, cloneSeconds: 120 };

const folder = mkdtempSync(path.join(os.tmpdir(), 'reelay-bench-'));
const homeDir = path.join(folder, 'data');
try {
  const cores = os.availableParallelism();
  console.log(
    `${os.cpus()[0]?.model.trim()}, ${cores} cores, ${process.platform}-${process.arch}, Node ${process.version}`,
  );
  process.exitCode = process.argv.includes('--clone') ? await benchClone() : await bench();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function benchClone(): Promise<number> {
  const clone = path.join(folder, 'clone');
  const startedAt = performance.now();
  execFileSync('git', ['clone', '--quiet', root, clone]);
  const started = await start(clone, { npm_config_cache: path.join(folder, 'npm') });
  const panelSeconds = (performance.now() - startedAt) / 1000;
  await makeVideo(started.run);
  const videoSeconds = (performance.now() - startedAt) / 1000;
  await stop(started);
  console.log(`\n${started.lines.filter((line) => /^ {2}(install|build|databases|apps) /.test(line)).join('\n')}\n`);
  const isMet = videoSeconds <= goals.cloneSeconds;
  const rows = [
    ['git clone to panel', `${panelSeconds.toFixed(1)} s`, '', ''],
    ['git clone to first video', `${videoSeconds.toFixed(1)} s`, `${goals.cloneSeconds} s`, isMet ? 'met' : 'MISSED'],
  ];
  console.log(table(['figure', 'measured', 'goal', ''], rows));
  console.log(
    '\nMethod: a clone of the last commit of this checkout, npm start in it with an empty cache of npm, then as without --clone.',
  );
  return isMet ? 0 : 1;
}

async function bench(): Promise<number> {
  // What is measured is a start with everything present.
  await buildAll({ env: process.env, signal: new AbortController().signal });
  const first = await start();
  await stop(first);
  const second = await start();
  const firstVideoSeconds = await makeVideo(second.run);
  const nextVideoSeconds = await makeVideo(second.run);
  await delay(idleMs);
  const memory = memoryOfTree(second.npm.pid!);
  await stop(second);

  const totalMegabytes = megabytes(sum(memory));
  const results = [
    ['start to panel, empty data folder', first.panelSeconds, goals.panelSeconds, 's'],
    ['start to panel, data from before', second.panelSeconds, goals.panelSeconds, 's'],
    ['first video after its request', firstVideoSeconds, goals.videoSeconds, 's'],
    ['next video', nextVideoSeconds, goals.videoSeconds, 's'],
    ['memory of all processes, idle (PSS)', totalMegabytes, goals.memoryMegabytes, 'MB'],
  ] as const;
  const rows = results.map(([what, value, goal, unit]) => [
    what,
    `${value.toFixed(unit === 's' ? 1 : 0)} ${unit}`,
    `${goal} ${unit}`,
    value <= goal ? 'met' : 'MISSED',
  ]);
  console.log(`\n${table(['figure', 'measured', 'goal', ''], rows)}`);
  console.log(`\n${table(['process', 'PSS'], byName(memory, second.run.pids))}`);
  console.log(
    `\nMethod: npm start from its first moment to the line "upstream:" of its panel; video: videos.create with the official SDK,
retrieve every 250 ms, until the whole MP4 is downloaded (the simulator renders for 6 s); memory: sum of Pss in
/proc/*/smaps_rollup of npm, bootstrap, launcher and everything below, ${idleMs / 1000} s after the last video.`,
  );
  return results.every(([, value, goal]) => value <= goal) ? 0 : 1;
}

interface Started {
  npm: ChildProcess;
  /** What it printed until its panel was there. */
  lines: string[];
  panelSeconds: number;
  run: RunFile;
}

async function start(cwd = root, environment: NodeJS.ProcessEnv = {}): Promise<Started> {
  const ours = ['DATABASE_URL', 'REDIS_URL', 'SIMULATOR', 'LOG_FORMAT', 'LOG_LEVEL', 'API_KEY', 'ADMIN_KEY'];
  const inherited = Object.entries(withoutNpm(process.env)).filter(([name]) => !ours.includes(name));
  const startedAt = performance.now();
  const npm = spawn('npm', ['start'], {
    cwd,
    env: { ...Object.fromEntries(inherited), REELAY_HOME: homeDir, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: npm.stdout! }).on('line', (line) => {
      lines.push(line);
      if (line.includes('upstream: ')) resolve();
    });
    npm.once('exit', () => reject(new Error(`npm start ended without its panel:\n${lines.join('\n')}`)));
  });
  const panelSeconds = (performance.now() - startedAt) / 1000;
  const run = JSON.parse(readFileSync(path.join(homeDir, 'run.json'), 'utf8')) as RunFile;
  return { npm, lines, panelSeconds, run };
}

async function makeVideo(run: RunFile): Promise<number> {
  const client = new OpenAI({ baseURL: `${run.gatewayUrl}/v1`, apiKey: run.apiKey, maxRetries: 0 });
  const startedAt = performance.now();
  let video = await client.videos.create({ model: 'sora2-landscape-10s', prompt: 'A lighthouse in fog' });
  while (video.status === 'queued' || video.status === 'in_progress') {
    await delay(250);
    video = await client.videos.retrieve(video.id);
  }
  if (video.status !== 'completed') throw new Error(`The video did not succeed: ${JSON.stringify(video)}`);
  const media = await (await client.videos.downloadContent(video.id)).arrayBuffer();
  if (media.byteLength === 0) throw new Error('The video is empty.');
  return (performance.now() - startedAt) / 1000;
}

/** Signals the launcher itself: npm would not wait for it to tidy up. */
async function stop({ npm, run }: Started): Promise<void> {
  const exit = new Promise((resolve) => npm.once('exit', resolve));
  process.kill(run.pids.launcher!, 'SIGTERM');
  await exit;
}

function byName(memory: ProcessMemory[], pids: Record<string, number>): string[][] {
  const nameOf = new Map(Object.entries(pids).map(([name, pid]) => [pid, name]));
  const groups = new Map<string, number>();
  for (const { pid, commandLine, pssBytes } of memory) {
    const name =
      nameOf.get(pid) ??
      (commandLine.startsWith('postgres:')
        ? 'postgres (its helpers and connections)'
        : commandLine.includes('bootstrap.mjs')
          ? 'bootstrap'
          : 'npm');
    groups.set(name, (groups.get(name) ?? 0) + pssBytes);
  }
  const sorted = [...groups].sort(([, left], [, right]) => right - left);
  return [...sorted, ['sum', sum(memory)] as const].map(([name, bytes]) => [name, `${megabytes(bytes).toFixed(0)} MB`]);
}

function sum(memory: ProcessMemory[]): number {
  return memory.reduce((total, { pssBytes }) => total + pssBytes, 0);
}

function megabytes(bytes: number): number {
  return bytes / 1024 ** 2;
}
