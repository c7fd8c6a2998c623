import { closeSync, openSync, readFileSync, renameSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

type CrashPoint = (name: string) => void;

let hit: CrashPoint = () => {};

/** A named place where a fault test may kill or stop this process. Does nothing in a process that was not started for that. */
export function crashPoint(name: string): void {
  hit(name);
}

/** SIGKILL, because a crash that runs handlers proves nothing; SIGSTOP, to be woken later by the test. Both strike within the call. */
export type Strike = (signal: 'SIGKILL' | 'SIGSTOP') => void;

/**
 * Called once by `main.ts` with the value of `CRASH_AT`. Either a list of places separated by commas: `name`, `name:count` (the count-th
 * pass strikes), `name:count!stop` (stops instead of kills) or `name:count@file` (only the process that creates the file is struck, so
 * that its successor lives). Or an absolute path, of a folder in which traps are laid while the process runs, see `folderTraps`.
 */
export function armCrashPoint(spec: string | undefined, strike: Strike = strikeSelf): void {
  if (!spec) hit = () => {};
  else hit = isAbsolute(spec) ? folderTraps(spec, strike) : listedTraps(spec, strike);
}

function listedTraps(spec: string, strike: Strike): CrashPoint {
  const traps = new Map(spec.split(',').map(parseTrap));
  return (passed) => {
    const trap = traps.get(passed);
    if (!trap) return;
    trap.left -= 1;
    if (trap.left === 0 && (trap.file === undefined || createsFile(trap.file))) strike(trap.signal);
  };
}

/**
 * A file `<name>` in the folder strikes whoever passes there next; what it holds is `kill` or `stop`. It is taken away first, by a
 * rename to `<name>.<pid>`: of several processes one is struck, and the test reads which.
 */
function folderTraps(folder: string, strike: Strike): CrashPoint {
  return (passed) => {
    const trap = join(folder, passed);
    const sprung = `${trap}.${process.pid}`;
    try {
      renameSync(trap, sprung);
    } catch {
      return;
    }
    strike(readFileSync(sprung, 'utf8').trim() === 'stop' ? 'SIGSTOP' : 'SIGKILL');
  };
}

interface Trap {
  left: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  readonly file: string | undefined;
}

function parseTrap(spec: string): [string, Trap] {
  const match = /^([^:@!]+)(?::([1-9]\d*))?(!stop)?(?:@(.+))?$/.exec(spec);
  if (!match) {
    throw new Error(
      `CRASH_AT must be an absolute path, or places like name, name:count, name:count!stop or name:count@file, not "${spec}"`,
    );
  }
  const [, name = '', count = '1', stop, file] = match;
  return [name, { left: Number(count), signal: stop ? 'SIGSTOP' : 'SIGKILL', file }];
}

function createsFile(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}

function strikeSelf(signal: 'SIGKILL' | 'SIGSTOP'): void {
  process.kill(process.pid, signal);
}
