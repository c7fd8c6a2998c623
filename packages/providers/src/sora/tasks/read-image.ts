import type { MediaSource, PollOutcome } from '@reelay/contracts/provider';
import { toSafeLine } from '../calls/failed-answer.js';
import { policyWords } from '../calls/failure-words.js';
import { toPercent } from './percent.js';
import type { ImageTask } from './walk-images.js';

/** How a task stands that makes an image. Source: sora-web.md 4.3, without its fault 9: a failed one is over at once. */
export function readImage(task: ImageTask): PollOutcome {
  if (task.status === 'failed') return refusal(toSafeLine(task.error_message ?? ''));
  const media = imagesOf(task);
  if (task.status === 'succeeded' && media.length > 0) {
    return { state: 'done', operation: { id: task.id, data: { type: 'image' } }, media };
  }
  // Also one that succeeded without an address, as it does for a moment while the image is stored. If none ever comes, the longest time
  // an image may take ends it.
  return { state: 'pending', progress: toPercent(task.progress_pct), ...(task.status ? { status: task.status } : {}) };
}

export function imagesOf({ generations }: ImageTask): MediaSource[] {
  return (generations ?? []).flatMap(({ url }) => (url?.trim() ? [{ url: url.trim(), kind: 'image' as const }] : []));
}

export function isImageOver({ status }: ImageTask): boolean {
  return status === 'succeeded' || status === 'failed';
}

function refusal(reason: string): PollOutcome {
  const isPolicy = policyWords.test(reason);
  const message = isPolicy
    ? `The upstream refused the content: ${reason} Change the prompt or the image and send it again.`
    : `The upstream failed to make the image: ${reason || 'it gives no reason'}. Send it again.`;
  return { state: 'refused', error: { code: isPolicy ? 'content_policy_violation' : 'upstream_failed', message } };
}
