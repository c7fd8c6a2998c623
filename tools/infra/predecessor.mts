import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for an earlier server on the same data folder to end. After `kill -9` of its supervisor it gets its signal from the
 * leash and needs a moment to shut down; starting over it would damage the data.
 *
 * @param pidFile first line is the process id
 * @param program what its command line must contain; another program with that (reused) id is not it
 * @returns true when the file is left over from a process that is gone
 */
export async function waitForPredecessor(pidFile: string, program: string, timeoutMs = 10_000): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const pid = readPid(pidFile);
    if (pid === undefined) return false;
    if (!isAlive(pid) || !commandLine(pid).includes(program)) return true;
    if (Date.now() > deadline) {
      throw new Error(
        `Another ${program} (process ${pid}) already serves this data folder (${pidFile}). ` +
          `If Reelay runs in this folder, use that one; else end the process and start again.`,
      );
    }
    // Where the leash is missing (not Linux) nobody has told an orphan to stop.
    if (process.platform !== 'linux') endOrphan(pid);
    await delay(50);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Empty for a process that has ended, zombies included: only their parent has not looked yet. */
function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  } catch {
    return '';
  }
}

function endOrphan(pid: number): void {
  const parent = spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  if (parent.trim() === '1') process.kill(pid, 'SIGINT');
}
