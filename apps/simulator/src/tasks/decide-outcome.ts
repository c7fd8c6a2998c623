import type { Account } from '../accounts/account.js';
import type { World } from '../world.js';
import type { Orders } from './markers.js';
import type { Outcome, TaskPlan } from './task.js';

export interface Decision {
  readonly outcome: Outcome;
  readonly reason: string | null;
}

/** What the words of the upstream are where a refusal needs some. */
const defaultReasons: Partial<Record<Outcome, string>> = {
  violation: 'This content may violate our guardrails concerning similarity to third-party content.',
  image_failed: 'Something went wrong while generating this image.',
};

/** What a word that was meant for videos does to an image. */
const inImages: Partial<Record<Outcome, Outcome>> = { violation: 'image_failed', missing_urls: 'image_without_url' };

/** A marker in the prompt is more precise than a fault that is switched on, so it comes first. */
export function decideOutcome(world: World, account: Account, plan: TaskPlan, orders: Orders): Decision {
  const ordered = orders.outcome && orderedOutcome(orders.outcome, plan);
  if (ordered !== undefined) return { outcome: ordered, reason: defaultReasons[orders.outcome ?? ordered] ?? null };
  const strike = world.faults.take('outcome', plan.endpoint, account.email);
  const outcome = strike?.kind ?? plan.media.type;
  const reason = defaultReasons[outcome];
  return { outcome, reason: reason === undefined ? null : (strike?.reason ?? reason) };
}

/** Undefined for an order that makes no sense for a video. */
function orderedOutcome(outcome: Outcome, { media }: TaskPlan): Outcome | undefined {
  if (media.type === 'image') return inImages[outcome] ?? outcome;
  return outcome === 'image_failed' || outcome === 'image_without_url' ? undefined : outcome;
}
