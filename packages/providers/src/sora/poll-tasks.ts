import type { CallContext, Operation, PollOutcome } from '@reelay/contracts/provider';
import { readDraft } from './read-draft.js';
import { readPending } from './read-pending.js';
import { walkDrafts } from './walk-drafts.js';

/**
 * One round for all tasks of a token. Pending is read first: a task that finishes in between is then found among the drafts, the
 * other way round it would be found nowhere. In neither list means pending. @throws UpstreamError
 */
export async function pollTasks(
  operations: readonly Operation[],
  context: CallContext,
): Promise<ReadonlyMap<string, PollOutcome>> {
  const outcomes = new Map<string, PollOutcome>(operations.map(({ id }) => [id, { state: 'pending' }]));
  if (outcomes.size === 0) return outcomes;
  const missing = new Set(outcomes.keys());
  for (const { id, progress, status } of await readPending(context)) {
    if (missing.delete(id)) outcomes.set(id, { state: 'pending', progress, ...(status ? { status } : {}) });
  }
  if (missing.size > 0) await findFinished(missing, outcomes, context);
  return outcomes;
}

async function findFinished(
  missing: Set<string>,
  outcomes: Map<string, PollOutcome>,
  context: CallContext,
): Promise<void> {
  await walkDrafts(context, (drafts) => {
    for (const draft of drafts) {
      if (draft.task_id && missing.delete(draft.task_id)) outcomes.set(draft.task_id, readDraft(draft.task_id, draft));
    }
    return missing.size === 0;
  });
}
