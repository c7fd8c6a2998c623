import type { CallContext, Operation, PollOutcome } from '@reelay/contracts/provider';
import { toSafeLine } from '../calls/failed-answer.js';
import type { CarriedCameo } from './carried-cameo.js';
import { isLookedAt, readCameo } from './read-cameo.js';

/** Whether the upstream has made something of the video. @throws UpstreamError */
export async function pollCameo(operation: Operation, cameoId: string, context: CallContext): Promise<PollOutcome> {
  const cameo = await readCameo(cameoId, context);
  if (cameo.status === 'failed') return refusal(cameo.message);
  // Looked at, but without the avatar that the next step needs: it may still come, and the time a character may take ends it.
  if (!isLookedAt(cameo) || cameo.avatarUrl === undefined) {
    return { state: 'pending', ...(cameo.status === undefined ? {} : { status: cameo.status }) };
  }
  const carried: CarriedCameo = {
    cameoId,
    avatarUrl: cameo.avatarUrl,
    usernameHint: cameo.usernameHint ?? 'character',
    displayName: cameo.displayNameHint ?? 'Character',
  };
  return { state: 'next', operation, carried };
}

function refusal(message: string | undefined): PollOutcome {
  const reason = toSafeLine(message ?? '') || 'it gives no reason';
  const text = `The upstream could not make a character of this video: ${reason}. Use another video.`;
  return { state: 'refused', error: { code: 'character_failed', message: text } };
}
