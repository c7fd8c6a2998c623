import { finishedAt, stateAt } from '../tasks/life-cycle.js';
import type { VideoTask } from '../tasks/video-task.js';
import type { World } from '../world.js';
import { type Concurrency, concurrencyOf } from './concurrency.js';

export interface LedgerFilter {
  readonly account?: string | undefined;
  /** Milliseconds: submits accepted at that time or later. */
  readonly since?: number | undefined;
}

/** The judge of tests: what was accepted, from whom, how much at once, and what was accepted twice. */
export function ledgerView({ tasks, calls, now }: World, filter: LedgerFilter): object {
  const chosen = tasks.ledger.filter(
    (task) =>
      (filter.account === undefined || task.account === filter.account) &&
      (filter.since === undefined || task.createdAt >= filter.since),
  );
  const submits = chosen.map((task) => submitView(task, now()));
  return {
    submits,
    accepted: tasks.accepted,
    forgotten: tasks.accepted - tasks.ledger.length,
    concurrency: concurrencyByAccount(chosen, now()),
    duplicates: duplicates(chosen),
    ...calls.view(),
  };
}

function submitView(task: VideoTask, now: number): object {
  const { phase, progress } = stateAt(task, now);
  return {
    taskId: task.id,
    generationId: task.generationId,
    account: task.account,
    origin: task.origin,
    kind: task.body.kind,
    model: task.body.model,
    prompt: task.body.prompt,
    at: task.createdAt,
    finishedAt: finishedAt(task),
    phase,
    progress,
    outcome: task.outcome,
    fingerprint: task.fingerprint,
    sentinelId: task.sentinelId,
    source: task.source,
    userAgent: task.userAgent,
    body: task.body,
  };
}

function concurrencyByAccount(tasks: readonly VideoTask[], now: number): Record<string, Concurrency> {
  const byAccount = groupBy(tasks, (task) => task.account);
  return Object.fromEntries([...byAccount].map(([account, own]) => [account, concurrencyOf(own, now)]));
}

/** Submits with one and the same body: what a client that repeats itself leaves behind. */
function duplicates(tasks: readonly VideoTask[]): object[] {
  const byBody = [...groupBy(tasks, (task) => task.fingerprint)].filter(([, same]) => same.length > 1);
  return byBody.map(([fingerprint, same]) => ({
    fingerprint,
    prompt: same[0]?.body.prompt,
    taskIds: same.map(({ id }) => id),
    accounts: same.map(({ account }) => account),
  }));
}

function groupBy(tasks: readonly VideoTask[], keyOf: (task: VideoTask) => string): Map<string, VideoTask[]> {
  const groups = new Map<string, VideoTask[]>();
  for (const task of tasks) {
    const group = groups.get(keyOf(task));
    if (group) group.push(task);
    else groups.set(keyOf(task), [task]);
  }
  return groups;
}
