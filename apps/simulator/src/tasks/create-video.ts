import type { Account } from '../accounts/account.js';
import { quotaState, quotaWindow } from '../accounts/quota.js';
import { upstreamErrors } from '../http/upstream-error.js';
import { generationId, taskId } from '../identifiers.js';
import type { World } from '../world.js';
import { type Orders, readMarkers } from './markers.js';
import { fingerprint, needsPro, type PlainVideoBody } from './plain-video.js';
import type { Outcome, VideoTask } from './video-task.js';

export interface Submit {
  readonly account: Account;
  readonly body: PlainVideoBody;
  readonly origin: VideoTask['origin'];
  readonly sentinelId: string | null;
  readonly source: string;
  readonly userAgent: string;
}

const DEFAULT_REASON = 'This content may violate our guardrails concerning similarity to third-party content.';

/** Accepts a submit that the account may make, or throws the upstream's refusal. What is returned is in the journal. */
export function createVideo(world: World, submit: Submit): { task: VideoTask; orders: Orders } {
  const { account, body } = submit;
  const orders = readMarkers(body.prompt);
  if (orders.refusal === 'overload') throw upstreamErrors.overload();
  if (orders.refusal === 'server_error') throw upstreamErrors.serverError();
  checkAllowance(world, account, body);
  const createdAt = world.now();
  const id = taskId(createdAt, world.source.bytes('task'));
  const { outcome, reason } = decideOutcome(world, account, orders);
  const { queueMs, renderMs, gapMs, progressSteps } = world.speed;
  const task: VideoTask = {
    id,
    generationId: generationId(id),
    account: account.email,
    createdAt,
    origin: submit.origin,
    body,
    timing: { queueMs, renderMs, gapMs, progressSteps, ...orders.timing },
    outcome,
    reason,
    fingerprint: fingerprint(body),
    sentinelId: submit.sentinelId,
    source: submit.source,
    userAgent: submit.userAgent,
  };
  world.tasks.accept(task);
  const { orientation, model, n_frames: frames, prompt } = body;
  world.log.info(
    { account: account.email, taskId: id, orientation, model, frames, prompt: prompt.slice(0, 80) },
    'submit accepted',
  );
  return { task, orders };
}

function checkAllowance({ tasks, now }: World, account: Account, body: PlainVideoBody): void {
  if (needsPro(body) && account.plan !== 'chatgpt_pro') throw upstreamErrors.proNeeded();
  tasks.forgetEndsBefore(account.email, quotaWindow(account, now()).from);
  const quota = quotaState(account, tasks.ends(account.email), now());
  if (quota.remaining === 0) throw upstreamErrors.quotaUsedUp(quota.resetsInSeconds);
  if (account.concurrencyLimit === null) return;
  const open = tasks.open(account.email, now()).length;
  if (open >= account.concurrencyLimit) throw upstreamErrors.tooManyTasks(open);
}

/** A marker in the prompt is more precise than a fault that is switched on, so it comes first. */
function decideOutcome(world: World, account: Account, orders: Orders): { outcome: Outcome; reason: string | null } {
  const strike = orders.outcome === undefined ? world.faults.take('outcome', 'create', account.email) : undefined;
  const outcome = orders.outcome ?? strike?.kind ?? 'video';
  return { outcome, reason: outcome === 'violation' ? (strike?.reason ?? DEFAULT_REASON) : null };
}
