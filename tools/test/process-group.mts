import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The processes that a detached child and its children form together; its id is the child's. */
export class ProcessGroup {
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#id, signal);
    } catch {
      // Nobody is left.
    }
  }

  /** What still runs, as "name (pid)". */
  members(): string[] {
    if (process.platform !== 'linux') return this.#exists() ? [`process group ${this.#id}`] : [];
    return readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? this.#member(pid) : []));
  }

  /** True as soon as nobody is left. */
  async isEmptyWithin(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.members().length > 0) {
      if (performance.now() > deadline) return false;
      await delay(50);
    }
    return true;
  }

  #member(pid: string): string[] {
    try {
      const [, name, state, group] =
        /^\d+ \((.*)\) (\S) \d+ (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      // Z: it has ended, only nobody has looked yet.
      return Number(group) === this.#id && state !== 'Z' ? [`${name} (${pid})`] : [];
    } catch {
      return [];
    }
  }

  #exists(): boolean {
    try {
      return process.kill(-this.#id, 0);
    } catch {
      return false;
    }
  }
}
