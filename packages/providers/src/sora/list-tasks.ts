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
  const older = new Set<string>();
  const end = await walkDrafts(context, (drafts) => {
    const ids = drafts.flatMap(({ task_id: taskId }) => taskId || []);
    const lastKnown = until ? ids.findLastIndex((id) => until.has(id)) : -1;
    // What stands below a known one is as old, although it may be on this page for the first time: the one above it was deleted.
    const oldest = lastKnown === -1 ? ids.length : lastKnown + 1;
    for (const id of ids.slice(0, oldest)) finished.add(id);
    for (const id of ids.slice(oldest)) if (!finished.has(id)) older.add(id);
    return lastKnown !== -1;
  });
  return {
    pending,
    finished: [...finished],
    ...(older.size > 0 && { older: [...older] }),
    complete: end !== 'cap',
  };
}
