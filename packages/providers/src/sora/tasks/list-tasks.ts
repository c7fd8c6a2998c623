import type { CallContext, ListQuery, UpstreamListing } from '@reelay/contracts/provider';
import { isImageOver } from './read-image.js';
import { readPending } from './read-pending.js';
import { walkDrafts } from './walk-drafts.js';
import { walkImages } from './walk-images.js';

type Until = ListQuery['until'];

/** Every task of one kind that the account has, as far back as asked, for finding out what became of a submit. @throws UpstreamError */
export function listTasks({ slotKind, until }: ListQuery, context: CallContext): Promise<UpstreamListing> {
  return slotKind === 'image' ? listImages(until, context) : listVideos(until, context);
}

async function listVideos(until: Until, context: CallContext): Promise<UpstreamListing> {
  const pending = (await readPending(context)).map((task) => task.id);
  const finished = new FinishedIds(until);
  const end = await walkDrafts(context, (drafts) => finished.add(drafts.flatMap(({ task_id: id }) => id || [])));
  return { pending, ...finished.listing(), complete: end !== 'cap' };
}

/** Running and finished come in one answer, so nothing can slip between two. */
async function listImages(until: Until, context: CallContext): Promise<UpstreamListing> {
  const pending = new Set<string>();
  const finished = new FinishedIds(until);
  const end = await walkImages(context, (tasks) => {
    for (const task of tasks) if (!isImageOver(task)) pending.add(task.id);
    return finished.add(tasks.filter(isImageOver).map(({ id }) => id));
  });
  const { finished: ids, ...older } = finished.listing();
  // A page asked for again may show as finished what ran a moment ago.
  return { pending: [...pending].filter((id) => !ids.includes(id)), finished: ids, ...older, complete: end !== 'cap' };
}

/** Gathers finished tasks page by page, newest first, down to one that was known before. */
class FinishedIds {
  readonly #finished = new Set<string>();
  readonly #older = new Set<string>();

  constructor(readonly until: Until) {}

  /** Whether a known one was on the page: what is looked for would stand above it. */
  add(ids: readonly string[]): boolean {
    const { until } = this;
    const lastKnown = until ? ids.findLastIndex((id) => until.has(id)) : -1;
    // What stands below a known one is as old, although it may be on this page for the first time: the one above it was deleted.
    const oldest = lastKnown === -1 ? ids.length : lastKnown + 1;
    for (const id of ids.slice(0, oldest)) this.#finished.add(id);
    for (const id of ids.slice(oldest)) if (!this.#finished.has(id)) this.#older.add(id);
    return lastKnown !== -1;
  }

  listing(): Pick<UpstreamListing, 'finished' | 'older'> {
    return { finished: [...this.#finished], ...(this.#older.size > 0 && { older: [...this.#older] }) };
  }
}
