import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { publicId } from '@reelay/contracts/ids';
import type { PlannedRequest } from '@reelay/contracts/request/planned-request';

/** What is known of a request's work without looking at its row: enough to tell its way and its result in words. */
export type PlannedWork = Pick<GenerationRequest, 'model' | 'kind' | 'workflow' | 'prompt' | 'metadata'> & {
  hasImage: boolean;
  /** The video that it starts from, as one of its ids. */
  sourceId?: string;
};

export function workOf({ request, media, parent }: PlannedRequest): PlannedWork {
  const { model, kind, workflow, prompt, metadata } = request;
  const hasImage = media.some((each) => each.kind === 'image');
  const work = { model, kind, workflow, prompt, hasImage, ...(metadata ? { metadata } : {}) };
  if (parent?.type !== 'mention') return work;
  return { ...work, sourceId: parent.kind === 'own' ? publicId('videos', parent.id) : parent.id };
}
