import type { CallContext, UpstreamListing } from '@reelay/contracts/provider';
import { readPending } from './read-pending.js';
import { walkDrafts } from './walk-drafts.js';

/** Every task the account has, as far back as asked, for finding out what became of a submit. @throws UpstreamError */
export async function listTasks(
  until: ReadonlySet<string> | undefined,
  context: CallContext,
): Promise<UpstreamListing> {
  const pending = (await readPending(context)).map((task) => task.id);
  const finished = new Set<string>();
  const end = await walkDrafts(context, (drafts) => {
    for (const { task_id: taskId } of drafts) if (taskId) finished.add(taskId);
    return drafts.some(({ task_id: taskId }) => taskId && until?.has(taskId));
  });
  return { pending, finished: [...finished], complete: end !== 'cap' };
}
