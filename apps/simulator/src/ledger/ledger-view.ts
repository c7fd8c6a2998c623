import { finishedAt, stateAt } from '../tasks/life-cycle.js';
import type { Task } from '../tasks/task.js';
import type { World } from '../world.js';
import { choose, type LedgerFilter } from './ledger-filter.js';
import { concurrencyByAccount, slotUses } from './slot-use.js';

/** The judge of tests: what was accepted, from whom, how much at once, and what was accepted twice. */
export function ledgerView(world: World, filter: LedgerFilter): object {
  const { tasks, calls, now } = world;
  const submits = choose(tasks.ledger, filter, ({ kind }) => kind);
  const characters = choose(world.characters.all(), filter, () => 'character');
  return {
    submits: submits.map((task) => submitView(task, now())),
    uploads: choose(world.uploads.all(), filter, () => 'upload').map(recordView),
    posts: choose(world.posts.all(), filter, () => 'post').map(recordView),
    characters: characters.map(recordView),
    enhancements: choose(world.enhancements.all(), filter, () => 'enhancement').map(recordView),
    accepted: tasks.accepted,
    forgotten: tasks.accepted - tasks.ledger.length,
    concurrency: concurrencyByAccount(slotUses(submits, characters), now()),
    duplicates: duplicates(submits),
    ...calls.counts(filter.account),
  };
}

/** A task as it was accepted, and what it is doing now. */
function submitView(task: Task, now: number): object {
  const { id, createdAt, timing: _, ...rest } = task;
  return { taskId: id, at: createdAt, finishedAt: finishedAt(task), ...stateAt(task, now), ...rest };
}

/** Times are called `at` throughout. */
function recordView<Kept extends { readonly createdAt: number }>({ createdAt, ...record }: Kept): object {
  return { at: createdAt, ...record };
}

/** Submits with one and the same body: what a client that repeats itself leaves behind. */
function duplicates(tasks: readonly Task[]): object[] {
  const byBody = [...Map.groupBy(tasks, (task) => task.fingerprint)].filter(([, same]) => same.length > 1);
  return byBody.map(([fingerprint, same]) => ({
    fingerprint,
    prompt: same[0]?.prompt,
    taskIds: same.map(({ id }) => id),
    accounts: same.map(({ account }) => account),
  }));
}
