/** tools/bootstrap.mjs in a small project of its own, with a stand-in for npm that counts its runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';

/** Every test starts processes of its own, and a busy machine starts them slowly. */
jest.setTimeout(60_000);

const fakeNpm = `
const fs = require('node:fs');
const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
fs.appendFileSync('runs', JSON.stringify({ args: process.argv.slice(2), env: process.env }) + '\\n');
fs.rmSync('node_modules', { recursive: true, force: true });
setTimeout(() => {
  for (const name of (process.env.UNAVAILABLE ?? '').split(',')) delete packages[name];
  fs.mkdirSync('node_modules');
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
}, 200);
`;

const script = `
process.on('disconnect', () => {
  require('node:fs').writeFileSync('disconnected', '');
  process.exit();
});
process.on('SIGTERM', () => process.exit(42));
console.log(JSON.stringify({ args: process.argv.slice(2), path: process.env.PATH, ms: process.env.REELAY_BOOTSTRAP_MS }));
if (process.argv[2] === 'stay') setInterval(() => {}, 1_000);
else process.exit(7);
`;

let project: string;
beforeEach(() => {
  project = realpathSync(mkdtempSync(path.join(tmpdir(), 'reelay-bootstrap-')));
  mkdirSync(path.join(project, 'tools'));
  copyFileSync(path.join(__dirname, '../../tools/bootstrap.mjs'), path.join(project, 'tools/bootstrap.mjs'));
  writeFileSync(path.join(project, 'npm-cli.js'), fakeNpm);
  writeFileSync(path.join(project, 'tools/script.cjs'), script);
  lock({ 'node_modules/left': { version: '1.0.0' } });
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function lock(packages: object): void {
  writeFileSync(path.join(project, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...packages } }));
}

interface Run {
  child: ChildProcess;
  output: () => string;
  code: Promise<number | null>;
}

function bootstrap(args: string[], env: Record<string, string> = {}): Run {
  const npm = {
    npm_execpath: path.join(project, 'npm-cli.js'),
    npm_lifecycle_event: undefined,
    npm_config_omit: 'dev',
  };
  const child = spawn(process.execPath, ['tools/bootstrap.mjs', ...args], {
    cwd: project,
    env: { ...process.env, ...npm, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output, code: new Promise((resolve) => child.once('close', resolve)) };
}

function npmRuns(): { args: string[]; env: Record<string, string> }[] {
  const file = path.join(project, 'runs');
  if (!existsSync(file)) return [];
  // The last one may just be being written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { args: string[]; env: Record<string, string> });
}

test('installs once, and again only when the lock has changed', async () => {
  expect(await bootstrap(['tools/script.cjs']).code).toBe(7);
  expect(await bootstrap(['tools/script.cjs']).code).toBe(7);
  expect(npmRuns()).toHaveLength(1);
  lock({ 'node_modules/left': { version: '1.0.1' } });
  expect(await bootstrap(['tools/script.cjs']).code).toBe(7);
  expect(npmRuns()).toHaveLength(2);
});

test('the npm within does not take over the settings of the npm around it', async () => {
  await bootstrap(['tools/script.cjs']).code;
  expect(Object.keys(npmRuns()[0]!.env).filter((name) => /^npm_|^INIT_CWD$/i.test(name))).toEqual([]);
  expect(npmRuns()[0]!.args).toEqual(expect.arrayContaining(['ci', '--include=dev', '--ignore-scripts']));
});

test('two at once install once, and both go on', async () => {
  const runs = [bootstrap(['tools/script.cjs']), bootstrap(['tools/script.cjs'])];
  expect(await Promise.all(runs.map((run) => run.code))).toEqual([7, 7]);
  expect(npmRuns()).toHaveLength(1);
});

test('a bootstrap that is killed while it installs does not lock out the next', async () => {
  const first = bootstrap(['tools/script.cjs']);
  await waitFor(() => npmRuns().length === 1, { timeoutMs: 30_000, intervalMs: 5 });
  first.child.kill('SIGKILL');
  expect(await bootstrap(['tools/script.cjs']).code).toBe(7);
  expect(npmRuns()).toHaveLength(2);
});

test('says which package npm has left out in silence, and does not start without it', async () => {
  const here = { os: [process.platform], cpu: [process.arch] };
  lock({ 'node_modules/native': { version: '3.1.0', optional: true, ...here } });
  const run = bootstrap(['tools/script.cjs'], { UNAVAILABLE: 'node_modules/native' });
  expect(await run.code).toBe(1);
  expect(run.output()).toContain('npm could not download native 3.1.0');
  expect(await bootstrap(['tools/script.cjs']).code).toBe(7);
});

test('does not miss optional packages for other platforms', async () => {
  lock({ 'node_modules/other': { version: '1.0.0', optional: true, os: ['plan9'], cpu: ['x64'] } });
  const unavailable = { UNAVAILABLE: 'node_modules/other' };
  expect(await bootstrap(['tools/script.cjs'], unavailable).code).toBe(7);
  expect(await bootstrap(['tools/script.cjs'], unavailable).code).toBe(7);
  expect(npmRuns()).toHaveLength(0);
});

test('gives the script its arguments, node_modules/.bin first on PATH and the milliseconds so far', async () => {
  const run = bootstrap(['tools/script.cjs', '--a', 'b c']);
  await run.code;
  const seen = JSON.parse(run.output().trim().split('\n').at(-1) as string) as {
    args: string[];
    path: string;
    ms: string;
  };
  expect(seen.args).toEqual(['--a', 'b c']);
  expect(seen.path.split(':')[0]).toBe(path.join(project, 'node_modules/.bin'));
  expect(Number(seen.ms)).toBeGreaterThanOrEqual(200);
});

test('passes SIGTERM on, waits for the script and ends with its code', async () => {
  const run = bootstrap(['tools/script.cjs', 'stay']);
  await waitFor(() => run.output().includes('"stay"'), { timeoutMs: 30_000 });
  run.child.kill('SIGTERM');
  expect(await run.code).toBe(42);
});

test('the script notices when the bootstrap is killed', async () => {
  const run = bootstrap(['tools/script.cjs', 'stay']);
  await waitFor(() => run.output().includes('"stay"'), { timeoutMs: 30_000 });
  run.child.kill('SIGKILL');
  await waitFor(() => existsSync(path.join(project, 'disconnected')), { timeoutMs: 30_000 });
});

test('runs a command of the installed packages', async () => {
  const run = bootstrap(['--run', 'node', '-e', 'process.exit(3)']);
  expect(await run.code).toBe(3);
});

test('--no-install installs nothing', async () => {
  expect(await bootstrap(['--no-install', 'tools/script.cjs']).code).toBe(7);
  expect(npmRuns()).toHaveLength(0);
});
