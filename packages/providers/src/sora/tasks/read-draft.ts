import type { MediaSource, PollOutcome } from '@reelay/contracts/provider';
import { toSafeLine } from '../calls/failed-answer.js';
import type { Draft } from './walk-drafts.js';

/** What a finished task came to: its video, or the upstream's refusal of its content. Source: sora-web.md 4.2.3 and 4.4. */
export function readDraft(taskId: string, draft: Draft): Exclude<PollOutcome, { state: 'pending' }> {
  const reason = toSafeLine(draft.reason_str?.trim() || draft.markdown_reason_str?.trim() || '');
  const media = mediaOf(draft);
  if (draft.kind === 'sora_content_violation' || reason !== '' || media.length === 0) return refusal(reason);
  const operation = { id: taskId, ...(draft.id ? { draftId: draft.id } : {}), data: { type: 'video' } };
  return { state: 'done', operation, media };
}

export function mediaOf(draft: Draft): MediaSource[] {
  const url = draft.downloadable_url?.trim() || draft.url?.trim();
  return url ? [{ url, kind: 'video' }] : [];
}

function refusal(reason: string): PollOutcome & { state: 'refused' } {
  const message = `The upstream refused the content: ${reason.replace(/[.!。！\s]+$/, '') || 'it violates its guardrails'}. Change the prompt and send it again.`;
  return { state: 'refused', error: { code: 'content_policy_violation', message } };
}
