import type { CallContext, MediaSource, Operation } from '@reelay/contracts/provider';
import { UpstreamError } from '@reelay/contracts/upstream-error';
import { mediaOf } from './read-draft.js';
import { type Draft, walkDrafts } from './walk-drafts.js';

/** Addresses are signed and age; a draft gives fresh ones as long as it is there. @throws UpstreamError */
export async function findMedia(operation: Operation, context: CallContext): Promise<MediaSource[]> {
  let found: Draft | undefined;
  await walkDrafts(context, (drafts) => {
    found = drafts.find((draft) => draft.task_id === operation.id);
    return found !== undefined;
  });
  const media = found ? mediaOf(found) : [];
  if (media.length > 0) return media;
  throw new UpstreamError({
    code: 'media_unavailable',
    message: `The upstream ${found ? 'gives no address for' : 'no longer lists'} task ${operation.id}, so its video cannot be fetched.`,
    submitClass: 'not_sent',
    fault: 'upstream',
  });
}
