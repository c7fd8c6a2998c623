import { readdirSync, readFileSync } from 'node:fs';

export interface Sample {
  atMs: number;
  pssBytes: number;
  handles: number;
  threads: number;
  /** After a collection; only now and then, and only of Node processes. */
  liveBytes?: number;
}

/** By the name of the process. */
export type Course = Map<string, Sample[]>;

/** Undefined for a process that is gone. Linux only. */
export function sampleProcess(pid: number): Omit<Sample, 'atMs'> | undefined {
  try {
    const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    const threads = /^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return {
      pssBytes: Number(pss) * 1024,
      handles: readdirSync(`/proc/${pid}/fd`).length,
      threads: Number(threads),
    };
  } catch {
    return undefined;
  }
}
