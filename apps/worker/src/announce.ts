/** What follows a commit: messages for watchers and the bell for assignment. Neither may fail a job; timers make up for both. */
import type { PublishedEvent } from '@reelay/db/generations/progress-generations';
import type { WorkerParts } from './worker-parts.js';

export async function announce(
  parts: Pick<WorkerParts, 'publisher'>,
  events: readonly (PublishedEvent | undefined)[],
): Promise<void> {
  for (const published of events) {
    if (published) await parts.publisher.publish(published.generationId, published.event);
  }
}

/** Capacity or work may have appeared. */
export async function ringDispatch(parts: Pick<WorkerParts, 'queues'>): Promise<void> {
  await parts.queues.enqueue('dispatch', {});
}
