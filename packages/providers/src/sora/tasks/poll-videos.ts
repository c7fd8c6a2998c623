import type { CallContext, PollOutcome } from '@reelay/contracts/provider';
import { readDraft } from './read-draft.js';
import { readPending } from './read-pending.js';
import { walkDrafts } from './walk-drafts.js';

/**
 * All videos of a token, whatever made them. Pending is read first: a task that finishes in between is then found among the drafts, the
 * other way round it would be found nowhere. In neither list means pending. What was found before a call failed, stands. @throws UpstreamError
 */
export async function pollVideos(
  ids: readonly string[],
  outcomes: Map<string, PollOutcome>,
  context: CallContext,
): Promise<void> {
  const missing = new Set(ids);
  if (missing.size === 0) return;
  for (const { id, progress, status } of await readPending(context)) {
    if (missing.delete(id)) outcomes.set(id, { state: 'pending', progress, ...(status ? { status } : {}) });
  }
  if (missing.size === 0) return;
  await walkDrafts(context, (drafts) => {
    for (const draft of drafts) {
      if (draft.task_id && missing.delete(draft.task_id)) outcomes.set(draft.task_id, readDraft(draft.task_id, draft));
    }
    return missing.size === 0;
  });
  for (const id of missing) outcomes.set(id, { state: 'pending' });
}
