import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What runs here, for scripts. It exists only while the stack is ready. */
export interface RunFile {
  gatewayUrl: string;
  apiKey: string;
  adminUrl: string;
  adminKey: string;
  simulatorUrl: string | undefined;
  tokenManagerUrl: string;
  databaseUrl: string;
  redisUrl: string;
  /** Of the keys that are not here: whoever joins must have the same ones. */
  keyFingerprints: { master: string; web: string; internal: string };
  startedAt: string;
  /** A process that is being restarted is missing. */
  pids: Record<string, number>;
}

export function writeRunFile(homeDir: string, content: RunFile): void {
  // Renamed into place: a reader never sees half of it.
  const aside = `${runFile(homeDir)}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(aside, runFile(homeDir));
}

export function removeRunFile(homeDir: string): void {
  rmSync(runFile(homeDir), { force: true });
}

/** Undefined when there is none, or only one that a killed launcher has left. */
export function readRunFile(homeDir: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(runFile(homeDir), 'utf8')) as RunFile;
  } catch {
    return undefined;
  }
}

function runFile(homeDir: string): string {
  return path.join(homeDir, 'run.json');
}
