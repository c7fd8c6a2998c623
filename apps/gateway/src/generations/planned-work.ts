import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { publicId } from '@reelay/contracts/ids';
import type { PlannedRequest } from '@reelay/contracts/request/planned-request';

/** What is known of a request's work without looking at its row: enough to tell its way and its result in words. */
export type PlannedWork = Pick<GenerationRequest, 'model' | 'kind' | 'workflow' | 'prompt'> & {
  hasImage: boolean;
  /** The video that it starts from, as one of its ids. */
  sourceId?: string;
};

export function workOf({ request, media, parent }: PlannedRequest): PlannedWork {
  const { model, kind, workflow, prompt } = request;
  const hasImage = media.some((each) => each.kind === 'image');
  if (parent?.type !== 'mention') return { model, kind, workflow, prompt, hasImage };
  const sourceId = parent.kind === 'own' ? publicId('videos', parent.id) : parent.id;
  return { model, kind, workflow, prompt, hasImage, sourceId };
}
