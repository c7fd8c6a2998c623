// The way into every npm script. Runs on Node >= 20.19 with nothing installed, so it may use Node's own modules only.
//
//   node tools/bootstrap.mjs tools/start.mts [args]              installs what is missing, then runs the script
//   node tools/bootstrap.mjs --run command [args]                the same for a command of node_modules/.bin
//   node tools/bootstrap.mjs --no-install tools/doctor.mts       installs nothing; reports itself where no Node >= 24.9 is at hand
//
// For a script:
// - it runs on Node >= 24.9 with node_modules/.bin first on PATH; REELAY_BOOTSTRAP_MS says what came before it took;
// - it has an IPC channel: 'disconnect' on `process` means that the bootstrap is gone, and the script should end;
// - SIGINT, SIGTERM and SIGHUP are passed on. A terminal sends SIGINT to the whole group itself, so a script may see it twice.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const runtimeDir = path.join(root, 'tools', 'node-runtime');
const startedAt = Date.now() - Math.round(process.uptime() * 1000);

await main(process.argv.slice(2));

async function main(args) {
  if (args[0] === '--no-install') return runWithoutInstalling(args.slice(1));
  if (isOlderThan(20, 19)) {
    fail(
      `Node 20.19 or newer is needed, this is ${process.version}. Install Node 24 (https://nodejs.org) and run this again.`,
    );
  }
  const node = await installed();
  if (args[0] === '--run') return run(args[1], args.slice(2), node, ['inherit', 'inherit', 'inherit']);
  return runScript(node, args);
}

function runScript(node, [script, ...args]) {
  if (script === undefined) fail('Usage: node tools/bootstrap.mjs <script> [arguments]');
  return run(node, [path.join(root, script), ...args], node, ['inherit', 'inherit', 'inherit', 'ipc']);
}

/** Makes node_modules follow the lock and returns the path of a Node that is new enough. */
async function installed() {
  const parts = [
    ...(isOlderThan(24, 9) ? [{ dir: runtimeDir, what: 'Node 24 for this project' }] : []),
    { dir: root, what: 'dependencies' },
  ].filter(({ dir }) => differenceFromLock(dir) !== undefined);
  if (parts.length > 0) {
    const lock = await takeInstallLock();
    for (const { dir, what } of parts) npmCi(dir, what);
    lock.close();
  }
  return isOlderThan(24, 9) ? runtimeNode() : process.execPath;
}

function npmCi(dir, what) {
  if (differenceFromLock(dir) === undefined) return; // another process has installed it while this one waited
  say(`installing ${what} (npm ci) …`);
  const begin = Date.now();
  const flags = [
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const [file, ...args] = [...leash(), ...npm(), 'ci', ...flags];
  const { status, error } = spawnSync(file, args, {
    cwd: dir,
    stdio: ['ignore', 'ignore', 2],
    env: environmentForNpm(),
  });
  if (status !== 0) {
    fail(
      `npm ci did not succeed${error ? ` (${error.message})` : ''}. Is the npm registry reachable? Then run this again.`,
    );
  }
  const difference = differenceFromLock(dir);
  if (difference !== undefined) {
    // npm skips an optional package that it cannot download, and reports success.
    rmSync(path.join(dir, 'node_modules', '.package-lock.json'), { force: true });
    fail(
      `npm could not download ${difference}. Run this again when the npm registry has it` +
        `${dir === runtimeDir ? ', or install Node 24 (https://nodejs.org) yourself' : ''}.`,
    );
  }
  say(`installed ${what} in ${seconds(begin)}`);
}

/** The first package that the lock wants on this platform and npm has not installed; undefined when all are there. */
function differenceFromLock(dir) {
  const wanted = readPackages(path.join(dir, 'package-lock.json')) ?? {};
  const present = readPackages(path.join(dir, 'node_modules', '.package-lock.json')) ?? {};
  for (const [where, entry] of Object.entries(wanted)) {
    if (!where.includes('node_modules/')) continue;
    const got = present[where];
    if (got ? got.version !== entry.version || got.integrity !== entry.integrity : isWantedHere(entry)) {
      return `${where.slice(where.lastIndexOf('node_modules/') + 13)} ${entry.version ?? ''}`.trim();
    }
  }
  return undefined;
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function isWantedHere({ optional, os: systems, cpu, libc }) {
  if (!optional) return true;
  if (!systems || !cpu) return false; // a fallback for other platforms that npm leaves out
  return systems.includes(process.platform) && cpu.includes(process.arch) && (!libc || libc.includes(libcHere()));
}

function libcHere() {
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

/** One installation at a time per checkout. The kernel releases the lock with its owner, however that ends. */
async function takeInstallLock() {
  const name = `reelay-install-${process.getuid?.() ?? ''}-${createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 16)}`;
  // Linux has socket names outside the file system, which cannot be left over. Elsewhere a leftover refuses connections.
  const address = process.platform === 'linux' ? `\0${name}` : path.join(os.tmpdir(), `${name}.sock`);
  for (let round = 0; ; round++) {
    const server = await listen(address);
    if (server) return server;
    if (round === 0) say('waiting for another installation in this folder …');
    if (process.platform !== 'linux' && (await isRefused(address))) rmSync(address, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function listen(address) {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.end());
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(address, () => resolve(server));
  });
}

function isRefused(address) {
  return new Promise((resolve) => {
    const socket = net.connect(address, () => resolve(!socket.destroy()));
    socket.once('error', (error) => resolve(error.code === 'ECONNREFUSED'));
  });
}

/** An npm that outlived the lock would work against the next installation. */
function leash() {
  const prefix = ['setpriv', '--pdeathsig', 'KILL', '--'];
  return spawnSync(prefix[0], [...prefix.slice(1), 'true']).status === 0 ? prefix : [];
}

function npm() {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js') && path.basename(cli).startsWith('npm')) return [process.execPath, cli];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/** Inside `npm start` a second npm would take over the first one's settings (prefix, workspace, script). */
/** Without what `npm run` adds for itself; where packages come from and are kept is the user's to say. */
function environmentForNpm() {
  const isOurs = (name) => !/^(npm_.*|INIT_CWD)$/i.test(name) || /^npm_config_(cache|registry)$/i.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isOurs(name)));
}

function runtimeNode() {
  return realpathSync(path.join(runtimeDir, 'node_modules', '.bin', 'node'));
}

/** Runs the command in the foreground and ends as it ends. */
function run(command, args, node, stdio) {
  if (command === undefined) fail('Usage: node tools/bootstrap.mjs --run <command> [arguments]');
  const env = {
    ...process.env,
    PATH: [path.join(root, 'node_modules', '.bin'), path.dirname(node), process.env.PATH].join(path.delimiter),
    REELAY_BOOTSTRAP_MS: String(Date.now() - startedAt),
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  };
  const child = spawn(command, args, { cwd: root, stdio, env });
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => forward(signal));
  endWithNpm(() => forward('SIGTERM'));
  child.once('error', (error) => fail(`${command} could not be started: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
}

/** `kill -9` of npm reaches nobody below it: notice that it is no longer among the ancestors. */
function endWithNpm(end) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const atStart = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === atStart) return;
    clearInterval(timer);
    end();
  }, 500);
}

/** The parent, and where the system shows it the parent's parent: npm may have a shell between itself and its script. */
function ancestors() {
  try {
    const status = readFileSync(`/proc/${process.ppid}/status`, 'utf8');
    return `${process.ppid} ${/^PPid:\s*(\d+)/m.exec(status)?.[1]}`;
  } catch {
    return String(process.ppid);
  }
}

function runWithoutInstalling(args) {
  const hasRuntime = existsSync(path.join(runtimeDir, 'node_modules', '.bin', 'node'));
  if (!isOlderThan(24, 9)) return runScript(process.execPath, args);
  if (hasRuntime) return runScript(runtimeNode(), args);
  const brings = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) && !isOlderThan(20, 19);
  console.log(`Node          ${process.version}: too old for Reelay itself, which needs 24.9 or newer`);
  console.log(`npm           ${spawnSync('npm', ['--version'], { encoding: 'utf8' }).stdout?.trim() || 'missing'}`);
  console.log(`platform      ${process.platform}-${process.arch}`);
  console.log(`dependencies  ${differenceFromLock(root) === undefined ? 'installed' : 'not installed'}`);
  console.log(
    brings
      ? 'To do: nothing. `npm start` brings Node 24 and the dependencies into this folder; then run `npm run doctor` again.'
      : 'To do: install Node 24 (https://nodejs.org), then run `npm run doctor` again.',
  );
  process.exitCode = brings ? 0 : 1;
}

function isOlderThan(major, minor) {
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

function seconds(begin) {
  return `${((Date.now() - begin) / 1000).toFixed(1)} s`;
}

function say(text) {
  console.error(`[bootstrap] ${text}`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
