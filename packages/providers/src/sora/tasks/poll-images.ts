import type { CallContext, PollOutcome } from '@reelay/contracts/provider';
import { readImage } from './read-image.js';
import { walkImages } from './walk-images.js';

/** All images of a token; one list holds the running and the finished. Not in it means pending. @throws UpstreamError */
export async function pollImages(
  ids: readonly string[],
  outcomes: Map<string, PollOutcome>,
  context: CallContext,
): Promise<void> {
  const missing = new Set(ids);
  if (missing.size === 0) return;
  await walkImages(context, (tasks) => {
    for (const task of tasks) if (missing.delete(task.id)) outcomes.set(task.id, readImage(task));
    return missing.size === 0;
  });
  for (const id of missing) outcomes.set(id, { state: 'pending' });
}
