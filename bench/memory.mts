import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessMemory {
  pid: number;
  commandLine: string;
  /** Proportional set size: memory that several processes share counts in parts, so that the sum is what is really used. */
  pssBytes: number;
}

/** The memory of a process and of everything below it. Linux only. */
export function memoryOfTree(rootPid: number): ProcessMemory[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(rootPid).flatMap((pid) => memoryOf(pid) ?? []);
}

function parentOf(pid: number): number | undefined {
  // The name in brackets may hold spaces; the parent is the second field after it.
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  return fields && Number(fields[1]);
}

function memoryOf(pid: number): ProcessMemory | undefined {
  const pssKilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
  if (pssKilobytes === undefined) return undefined;
  const commandLine = (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
  return { pid, commandLine, pssBytes: Number(pssKilobytes) * 1024 };
}

/** Undefined for a process that has ended meanwhile. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
