import { finishedAt } from '../tasks/life-cycle.js';
import type { VideoTask } from '../tasks/video-task.js';

export interface ConcurrencyStep {
  readonly at: number;
  /** Unfinished tasks from this moment on. */
  readonly open: number;
}

export interface Concurrency {
  readonly now: number;
  readonly most: number;
  /** When `most` was first reached; null if there never was a task. */
  readonly mostAt: number | null;
}

/** How many tasks of one account were unfinished, at every instant at which that changed. */
export function concurrencySteps(tasks: readonly VideoTask[]): ConcurrencyStep[] {
  const changes = new Map<number, number>();
  const add = (at: number, change: number) => changes.set(at, (changes.get(at) ?? 0) + change);
  for (const task of tasks) {
    add(task.createdAt, 1);
    add(finishedAt(task), -1);
  }
  let open = 0;
  return [...changes]
    .sort(([first], [second]) => first - second)
    .map(([at, change]) => {
      open += change;
      return { at, open };
    });
}

export function concurrencyOf(tasks: readonly VideoTask[], now: number): Concurrency {
  const past = concurrencySteps(tasks).filter(({ at }) => at <= now);
  const most = past.reduce((highest, { open }) => Math.max(highest, open), 0);
  const mostAt = past.find(({ open }) => most > 0 && open === most)?.at ?? null;
  return { now: past.at(-1)?.open ?? 0, most, mostAt };
}
