import type { Stand } from '../stand/stand.js';

/** One way in which the world goes wrong, and rights itself again. */
export interface Fault {
  readonly name: string;
  /**
   * Resolves when everything is whole again, with the time from which on recovery counts, if that was earlier: a process that is killed
   * must be made up for while its successor starts.
   */
  readonly inject: (stand: Stand, holdMs: number) => Promise<number | undefined>;
}

/** Nobody came to the place where it was to strike: another fault kept everybody away. The run goes on without it. */
export class NotReached extends Error {}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
