/** What the processes of a stack have used so far, as the kernel counts it. Linux only. */
import { readFileSync } from 'node:fs';
import { memoryOfTree } from '../memory.mts';

/** Of the kernel's clock, which user space sees at this rate on every common architecture. */
const ticksPerSecond = 100;

export interface Used {
  processorSeconds: number;
  /** The most a process ever occupied; of one with others below it what they occupy together now, for they share most of it. */
  occupiedBytes: number;
}

/** By name: the launcher alone, each other process with everything below it, also with what has ended there. */
export function usedBy(pids: Record<string, number>): Map<string, Used> {
  return new Map(
    Object.entries(pids).map(([name, pid]) => [name, name === 'launcher' ? usedAlone(pid) : usedByTree(pid)]),
  );
}

/** What was used since: of the memory all. */
export function usedSince(before: Map<string, Used>, now: Map<string, Used>): Map<string, Used> {
  const seconds = (name: string, used: Used) => used.processorSeconds - (before.get(name)?.processorSeconds ?? 0);
  return new Map([...now].map(([name, used]) => [name, { ...used, processorSeconds: seconds(name, used) }]));
}

function usedByTree(pid: number): Used {
  const tree = memoryOfTree(pid);
  if (tree.length === 1) return usedAlone(pid);
  return {
    processorSeconds: tree.reduce((sum, { pid: each }) => sum + secondsOf(each, withEnded), 0),
    occupiedBytes: tree.reduce((sum, { pssBytes }) => sum + pssBytes, 0),
  };
}

function usedAlone(pid: number): Used {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return { processorSeconds: secondsOf(pid, alone), occupiedBytes: Number(kilobytes) * 1024 };
}

/** Fields of proc(5), where what is left begins with the third: utime and stime, and those of children that were waited for. */
const alone = [11, 13] as const;
const withEnded = [11, 15] as const;

function secondsOf(pid: number, [from, to]: readonly [number, number]): number {
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  const ticks = fields?.slice(from, to).reduce((sum, field) => sum + Number(field), 0);
  return (ticks ?? 0) / ticksPerSecond;
}

/** Undefined for a process that has ended meanwhile. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
