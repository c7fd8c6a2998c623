import { createHash } from 'node:crypto';
import { givenSetting } from './app-environment.mts';
import { type Keys, keyFile, readKey } from './keys.mts';
import type { RunFile } from './run-file.mts';

const unwritten = ['master', 'web', 'internal'] as const;
type KeyFingerprints = RunFile['keyFingerprints'];

/**
 * The keys for apps that join a running stack: its own, or none. A gateway with another API key would revoke the running one,
 * and apps with different other keys would not understand each other. Nothing is made here.
 */
export function joinKeys(
  homeDir: string,
  env: NodeJS.ProcessEnv,
  run: Pick<RunFile, 'apiKey' | 'adminKey' | 'keyFingerprints'>,
): Keys {
  const [master, web, internal] = unwritten.map((name) => {
    const setting = `${name.toUpperCase()}_KEY`;
    const key = givenSetting(env, setting) ?? readKey(keyFile(homeDir, name));
    if (key !== undefined && fingerprint(name, key) === run.keyFingerprints[name]) return key;
    throw new Error(
      `The running stack has another ${setting} than this shell: set ${setting} (or ${setting}_FILE) as where the stack was started, and join again.`,
    );
  }) as [string, string, string];
  return { master, web, internal, admin: run.adminKey, api: run.apiKey };
}

/** Enough to tell two keys apart, too little to find one by. */
export function fingerprintKeys(keys: Keys): KeyFingerprints {
  return {
    master: fingerprint('master', keys.master),
    web: fingerprint('web', keys.web),
    internal: fingerprint('internal', keys.internal),
  };
}

function fingerprint(name: keyof KeyFingerprints, key: string): string {
  return createHash('sha256').update(`reelay/key-fingerprint/${name}\n${key}`).digest('hex').slice(0, 8);
}
