import { mediaLink } from '../media/media-link.js';
import { stateAt } from './life-cycle.js';
import type { Task } from './task.js';
import type { DraftPosition } from './task-book.js';

/** An element of the pending list: exactly these fields, so neither the prompt nor a time. */
export function pendingView(task: Task, now: number): object {
  const { phase, progress } = stateAt(task, now);
  return { id: task.id, progress_pct: progress, status: phase === 'queued' ? 'queued' : 'processing' };
}

/** An element of the list of drafts: exactly these fields. */
export function draftView(task: Task, base: string, now: number, linkTtlMs: number): object {
  const url = task.outcome === 'video' ? mediaLink(base, `${task.generationId}.mp4`, now, linkTtlMs) : null;
  return {
    id: task.generationId,
    task_id: task.id,
    kind: task.outcome === 'violation' ? 'sora_content_violation' : 'sora_draft',
    url,
    downloadable_url: url,
    reason_str: task.reason,
    markdown_reason_str: task.reason,
  };
}

/** An opaque text that leads to the drafts after a position, however many new ones come in front. */
export function encodeCursor({ finishedAt, id }: DraftPosition): string {
  return Buffer.from(JSON.stringify([finishedAt, id])).toString('base64url');
}

export function decodeCursor(cursor: string): DraftPosition | undefined {
  try {
    const [finishedAt, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return typeof finishedAt === 'number' && typeof id === 'string' ? { finishedAt, id } : undefined;
  } catch {
    return undefined;
  }
}
