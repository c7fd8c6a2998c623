import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheDir } from './paths.mts';

export interface RedisBinary {
  program: string;
  /** Variables it needs to be run with. */
  env: { LD_LIBRARY_PATH?: string };
  /** Where it came from, for the log. */
  origin: string;
}

const missingMessage =
  'No Redis was found. Install one (macOS: brew install redis; Debian or Ubuntu: apt-get install redis-server; ' +
  'anywhere: docker run -p 6379:6379 redis:7) or set REDIS_URL to a running one, and start again.';

/** redis-server or valkey-server on PATH, else Debian's own package unpacked under .cache: nothing is installed on the machine. */
export function redisBinary(unpackDir = path.join(cacheDir, 'redis')): RedisBinary {
  const found =
    installedRedis() ?? unpackedRedis(unpackDir) ?? (unpackFromDebian(unpackDir) && unpackedRedis(unpackDir));
  if (!found) throw new Error(missingMessage);
  return found;
}

/** What redisBinary() would use without downloading anything. */
export function redisAtHand(unpackDir = path.join(cacheDir, 'redis')): RedisBinary | undefined {
  return installedRedis() ?? unpackedRedis(unpackDir);
}

function installedRedis(): RedisBinary | undefined {
  const program = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);
  return program === undefined ? undefined : { program, env: {}, origin: `${program} on PATH` };
}

function unpackedRedis(folder: string): RedisBinary | undefined {
  const libraries = path.join(folder, 'usr', 'lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
  const binary = {
    program: path.join(folder, 'usr', 'bin', 'redis-server'),
    env: { LD_LIBRARY_PATH: libraries },
    origin: 'Debian’s redis-server, unpacked under .cache',
  };
  if (!existsSync(binary.program)) return undefined;
  const env = { ...process.env, ...binary.env };
  return spawnSync(binary.program, ['--version'], { env }).status === 0 ? binary : undefined;
}

/** Needs no root: apt gets state and cache folders of its own, checks signatures as always, and only downloads. */
function unpackFromDebian(folder: string): boolean {
  if (spawnSync('dpkg-deb', ['--version']).status !== 0) return false;
  mkdirSync(path.dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}.`);
  try {
    const packages = path.join(work, 'packages');
    const content = path.join(work, 'content');
    for (const made of [
      packages,
      content,
      path.join(work, 'lists', 'partial'),
      path.join(work, 'archives', 'partial'),
    ]) {
      mkdirSync(made, { recursive: true });
    }
    const isDownloaded =
      aptGet(work, packages, ['update']) &&
      aptGet(work, packages, ['download', 'redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1']);
    if (!isDownloaded) return false;
    for (const name of readdirSync(packages)) {
      if (spawnSync('dpkg-deb', ['-x', path.join(packages, name), content]).status !== 0) return false;
    }
    return moveInPlace(content, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function aptGet(work: string, cwd: string, args: string[]): boolean {
  const options = [
    `Dir::State=${work}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${work}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=15',
  ].flatMap((option) => ['-o', option]);
  return spawnSync('apt-get', ['-qq', ...options, ...args], { cwd, timeout: 120_000 }).status === 0;
}

/** Another process may unpack at the same time: whoever renames first wins, the other uses what is there. */
function moveInPlace(content: string, folder: string): boolean {
  try {
    renameSync(content, folder);
  } catch {
    if (unpackedRedis(folder)) return true;
    rmSync(folder, { recursive: true, force: true });
    renameSync(content, folder);
  }
  return true;
}
