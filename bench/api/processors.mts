import { readdirSync, readFileSync } from 'node:fs';

/** Seconds of processor time that a process and everything below it have used, children that have ended included. Linux only. */
export function processorSeconds(pid: number): number {
  const processes = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (statOf(Number(entry)) ?? []) : []));
  const root = processes.find((one) => one.pid === pid);
  if (!root) return Number.NaN;
  const below = (parent: number): number =>
    processes.filter((one) => one.parent === parent).reduce((sum, one) => sum + one.ticks + below(one.pid), 0);
  return (root.ticks + root.endedTicks + below(pid)) / ticksPerSecond;
}

/** What Linux shows times in, on every platform that Node runs on. */
const ticksPerSecond = 100;

function statOf(pid: number) {
  try {
    // The name in brackets may hold spaces; the parent is the second field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [own = 0, system = 0, ended = 0, endedSystem = 0] = fields.slice(11, 15);
    return { pid, parent, ticks: own + system, endedTicks: ended + endedSystem };
  } catch {
    return undefined;
  }
}
