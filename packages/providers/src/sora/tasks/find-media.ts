import type { CallContext, MediaSource, Operation } from '@reelay/contracts/provider';
import { UpstreamError } from '@reelay/contracts/upstream-error';
import { readCameo } from '../characters/read-cameo.js';
import { readOperationData } from '../operation-data.js';
import { mediaOf } from './read-draft.js';
import { imagesOf } from './read-image.js';
import { walkDrafts } from './walk-drafts.js';
import { walkImages } from './walk-images.js';

/** Addresses are signed and age; where a task is listed there are fresh ones. @throws UpstreamError */
export async function findMedia(operation: Operation, context: CallContext): Promise<MediaSource[]> {
  const data = readOperationData(operation);
  switch (data.type) {
    case 'video':
      return given(operation, await findVideo(operation.id, context));
    case 'image':
      return given(operation, await findImages(operation.id, context));
    case 'character': {
      const { avatarUrl } = await readCameo(data.cameoId, context);
      return [{ url: avatarUrl ?? data.avatarUrl, kind: 'image' }];
    }
    default:
      return [];
  }
}

async function findVideo(id: string, context: CallContext): Promise<MediaSource[] | undefined> {
  let found: MediaSource[] | undefined;
  await walkDrafts(context, (drafts) => {
    const draft = drafts.find(({ task_id: taskId }) => taskId === id);
    if (draft) found = mediaOf(draft);
    return draft !== undefined;
  });
  return found;
}

async function findImages(id: string, context: CallContext): Promise<MediaSource[] | undefined> {
  let found: MediaSource[] | undefined;
  await walkImages(context, (tasks) => {
    const task = tasks.find((candidate) => candidate.id === id);
    if (task) found = imagesOf(task);
    return task !== undefined;
  });
  return found;
}

function given({ id }: Operation, media: MediaSource[] | undefined): MediaSource[] {
  if (media && media.length > 0) return media;
  throw new UpstreamError({
    code: 'media_unavailable',
    message: `The upstream ${media ? 'gives no address for' : 'no longer lists'} task ${id}, so what it made cannot be fetched.`,
    submitClass: 'not_sent',
    fault: 'upstream',
  });
}
