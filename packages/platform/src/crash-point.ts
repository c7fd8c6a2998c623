import { closeSync, openSync } from 'node:fs';

type CrashPoint = (name: string) => void;

let hit: CrashPoint = () => {};

/** A named place where a fault test may kill this process. Does nothing in a process that was not started for that. */
export function crashPoint(name: string): void {
  hit(name);
}

/**
 * Called once by `main.ts` with the value of `CRASH_AT`, a list of places separated by commas: `name`, `name:count` (the count-th
 * pass kills) or `name:count@file` (only the process that creates the file dies, so that its successor lives). SIGKILL, because a
 * crash that runs handlers proves nothing.
 */
export function armCrashPoint(spec: string | undefined, kill: () => void = killSelf): void {
  const traps = new Map(spec ? spec.split(',').map(parseTrap) : []);
  hit = (passed) => {
    const trap = traps.get(passed);
    if (!trap) return;
    trap.left -= 1;
    if (trap.left === 0 && (trap.file === undefined || createsFile(trap.file))) kill();
  };
}

interface Trap {
  left: number;
  readonly file: string | undefined;
}

function parseTrap(spec: string): [string, Trap] {
  const match = /^([^:@]+)(?::([1-9]\d*))?(?:@(.+))?$/.exec(spec);
  if (!match) throw new Error(`CRASH_AT must be name, name:count or name:count@file, not "${spec}"`);
  const [, name = '', count = '1', file] = match;
  return [name, { left: Number(count), file }];
}

function createsFile(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}
