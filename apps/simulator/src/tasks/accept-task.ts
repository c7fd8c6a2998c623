import type { Account } from '../accounts/account.js';
import { quotaState, quotaWindow } from '../accounts/quota.js';
import { upstreamErrors } from '../http/upstream-error.js';
import { generationId, taskId } from '../identifiers.js';
import type { World } from '../world.js';
import { PRO_FRAMES, PRO_MODEL } from './body-parts.js';
import { decideOutcome } from './decide-outcome.js';
import { fingerprint } from './fingerprint.js';
import { type Orders, readMarkers } from './markers.js';
import type { Submitter, Task, TaskPlan } from './task.js';

export interface Submit {
  readonly account: Account;
  readonly plan: TaskPlan;
  readonly submitter: Submitter;
}

/** Accepts a submit that the account may make, or throws the upstream's refusal. What is returned is in the journal. */
export function acceptTask(world: World, { account, plan, submitter }: Submit): { task: Task; orders: Orders } {
  const orders = readMarkers(plan.prompt);
  if (orders.refusal === 'overload') throw upstreamErrors.overload();
  if (orders.refusal === 'server_error') throw upstreamErrors.serverError();
  checkAllowance(world, account, plan);
  const createdAt = world.now();
  const id = taskId(createdAt, world.source.bytes('task'));
  const { queueMs, renderMs, gapMs, progressSteps } = world.speed;
  const task: Task = {
    ...plan,
    ...submitter,
    id,
    generationId: generationId(id),
    account: account.email,
    createdAt,
    // Images stay in one list all the time, so there is no gap between two.
    timing: { queueMs, renderMs, gapMs: plan.kind === 'image' ? 0 : gapMs, progressSteps, ...orders.timing },
    ...decideOutcome(world, account, plan, orders),
    fingerprint: fingerprint(plan, (mediaId) => world.uploads.find(mediaId)?.sha256 ?? mediaId),
  };
  world.tasks.accept(task);
  const { kind, model, prompt } = plan;
  world.log.info(
    { account: account.email, taskId: id, kind, model, ...plan.media, prompt: prompt.slice(0, 80) },
    'submit accepted',
  );
  return { task, orders };
}

/** The Pro plan is about what is rendered anew: an extension may end up with as many frames as it likes. */
export function needsPro({ kind, model, media }: Pick<TaskPlan, 'kind' | 'model' | 'media'>): boolean {
  if (media.type === 'image' || kind === 'extension') return false;
  return model === PRO_MODEL || media.frames === PRO_FRAMES;
}

function checkAllowance({ tasks, now }: World, account: Account, plan: TaskPlan): void {
  if (needsPro(plan) && account.plan !== 'chatgpt_pro') throw upstreamErrors.proNeeded();
  if (plan.media.type === 'video') {
    tasks.forgetEndsBefore(account.email, quotaWindow(account, now()).from);
    const quota = quotaState(account, tasks.ends(account.email), now());
    if (quota.remaining === 0) throw upstreamErrors.quotaUsedUp(quota.resetsInSeconds);
  }
  if (account.concurrencyLimit === null) return;
  const open = tasks.open(account.email, plan.media.type, now()).length;
  if (open >= account.concurrencyLimit) throw upstreamErrors.tooManyTasks(open);
}
