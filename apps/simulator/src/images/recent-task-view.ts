import { mediaLink } from '../media/media-link.js';
import { stateAt } from '../tasks/life-cycle.js';
import type { Task } from '../tasks/task.js';

export interface LinkMaker {
  readonly base: string;
  readonly now: number;
  readonly ttlMs: number;
}

/** An element of the list of recent tasks at the time `at`: exactly these fields. Progress is a number in every state. */
export function recentTaskView(task: Task, at: number, links: LinkMaker): object {
  const { phase, progress } = stateAt(task, at);
  if (phase === 'queued') return view(task, 'queued', 0);
  if (phase === 'rendering') return view(task, 'processing', progress ?? 0);
  // A gap after rendering, where one was ordered: all is done, but not told yet.
  if (phase === 'between') return view(task, 'processing', 1);
  if (task.outcome === 'image_failed') return view(task, 'failed', 1, [], task.reason);
  const url = mediaLink(links.base, `${task.generationId}.png`, links.now, links.ttlMs);
  return view(task, 'succeeded', 1, [task.outcome === 'image' ? { url } : {}]);
}

function view(
  { id }: Task,
  status: string,
  progress: number,
  generations: readonly object[] = [],
  error: string | null = null,
): object {
  return { id, status, progress_pct: progress, generations, error_message: error };
}
