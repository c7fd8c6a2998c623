import type { Task } from './task.js';

/** `between` is the gap in which a video is in neither list; `gone` is a task that never comes back from there. */
export type Phase = 'queued' | 'rendering' | 'between' | 'finished' | 'gone';

export interface TaskState {
  readonly phase: Phase;
  /** 0 to 1 while rendering, else null. */
  readonly progress: number | null;
}

type Course = Pick<Task, 'createdAt' | 'timing' | 'outcome'>;

/** What a task is doing at a given time. It depends on nothing else, so it survives a restart by itself. */
export function stateAt(task: Course, now: number): TaskState {
  const { queueMs, renderMs, progressSteps } = task.timing;
  const age = now - task.createdAt;
  if (age < queueMs) return { phase: 'queued', progress: null };
  if (now < pendingUntil(task)) {
    return { phase: 'rendering', progress: Math.floor(((age - queueMs) / renderMs) * progressSteps) / progressSteps };
  }
  if (!isEverListed(task)) return { phase: 'gone', progress: null };
  return { phase: now < finishedAt(task) ? 'between' : 'finished', progress: null };
}

/** When the task leaves the pending list. */
export function pendingUntil({ createdAt, timing }: Course): number {
  return createdAt + timing.queueMs + timing.renderMs;
}

/** When the task is over: its draft appears, or would appear. */
export function finishedAt(task: Course): number {
  return pendingUntil(task) + task.timing.gapMs;
}

export function isOpen(task: Course, now: number): boolean {
  return now < finishedAt(task);
}

/** Finished tasks stay in the list of drafts or of recent tasks, but for those that go astray. */
export function isEverListed({ outcome }: Course): boolean {
  return outcome !== 'vanishing' && outcome !== 'unlisted';
}
