import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { givenSetting } from './app-environment.mts';

export interface Keys {
  /** Seals upstream credentials; the token-manager's alone. */
  master: string;
  /** Signs links, keys API-key MACs, seals webhook secrets; gateway and worker. */
  web: string;
  /** Opens the token-manager's internal API. */
  internal: string;
  admin: string;
  /** A client's key, the one of the panel. */
  api: string;
}

const keyNames = ['master', 'web', 'internal', 'admin', 'api'] as const;

/** The keys of this installation: given by the environment, else from `<home>/keys`, made there on the first run. */
export async function loadKeys(homeDir: string, env: NodeJS.ProcessEnv): Promise<Keys> {
  // Not imported at the top: before the build there is no such file.
  const { checkKeyStrength, newApiKey, newSecret } = await import('@reelay/platform/keys');
  const folder = path.join(homeDir, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const problems: string[] = [];
  const entries = keyNames.map((name) => {
    const setting = `${name.toUpperCase()}_KEY`;
    const given = givenSetting(env, setting);
    const file = keyFile(homeDir, name);
    const key = given ?? keyIn(file, name === 'api' ? newApiKey : newSecret);
    const problem = checkKeyStrength(given === undefined ? file : setting, key);
    if (problem !== undefined) problems.push(problem);
    return [name, key] as const;
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return Object.fromEntries(entries) as Record<(typeof keyNames)[number], string>;
}

/** Earlier master keys, which still open what they sealed: of the environment, else one a line in `<home>/keys/old-master.keys`. */
export function oldMasterKeys(homeDir: string, env: NodeJS.ProcessEnv): string[] {
  const given = givenSetting(env, 'OLD_MASTER_KEYS') ?? readKey(path.join(homeDir, 'keys', 'old-master.keys')) ?? '';
  return given.split(/[,\n]/).flatMap((key) => key.trim() || []);
}

/** The master key with the earlier ones, where nothing is to be made: of the environment, else of the data folder. */
export async function givenMasterKeys(
  homeDir: string,
  env: NodeJS.ProcessEnv,
): Promise<{ current: string; old: string[] }> {
  const { checkKeyStrength } = await import('@reelay/platform/keys');
  const current = givenSetting(env, 'MASTER_KEY') ?? readKey(keyFile(homeDir, 'master'));
  if (!current)
    throw new Error(
      `MASTER_KEY is missing: set MASTER_KEY or MASTER_KEY_FILE, or keep it in ${keyFile(homeDir, 'master')}.`,
    );
  const old = oldMasterKeys(homeDir, env).filter((key) => key !== current);
  const named = [['MASTER_KEY', current], ...old.map((key) => ['OLD_MASTER_KEYS', key])] as const;
  const problems = named.flatMap(([name, key]) => checkKeyStrength(name ?? '', key ?? '') ?? []);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { current, old };
}

export function keyFile(homeDir: string, name: keyof Keys): string {
  return path.join(homeDir, 'keys', `${name}.key`);
}

function keyIn(file: string, make: () => string): string {
  const found = readKey(file);
  if (found !== undefined) return found;
  // Written aside and linked: a crash leaves no half-written key, and of two processes both read the winner's.
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, `${make()}\n`, { mode: 0o600 });
  try {
    linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}

/** Undefined where there is none. */
export function readKey(file: string): string | undefined {
  try {
    const key = readFileSync(file, 'utf8').trim();
    chmodSync(file, 0o600);
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
