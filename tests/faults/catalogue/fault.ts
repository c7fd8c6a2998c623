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

/** The work goes by every place again and again; only a defect keeps it away for so long. */
export const strikePatienceMs = 45_000;

/** For so long, and until the fault has struck: a fault that met nobody was none. @throws NotReached */
export async function holdUntilStruck(holdMs: number, hasStruck: () => boolean | Promise<boolean>): Promise<void> {
  await pause(holdMs);
  for (const giveUpAt = Date.now() + strikePatienceMs; !(await hasStruck()); await pause(20)) {
    if (Date.now() > giveUpAt) throw new NotReached(`it struck nobody in ${holdMs + strikePatienceMs} ms`);
  }
}
