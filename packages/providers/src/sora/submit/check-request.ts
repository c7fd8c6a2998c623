import type { GenerationRequest, Reference, Workflow } from '@reelay/contracts/generation-request';
import { createCall } from './create-call.js';
import { enhanceBody } from './enhance-prompt.js';
import { notSupported, refusal } from './refuse-request.js';
import { readsImage } from './upload-image.js';
import { draftIdOf } from './video-bodies.js';

/** How many images and videos a workflow can take in. */
const capacity: Record<Workflow, { image: number; video: number }> = {
  image: { image: 1, video: 0 },
  video: { image: 1, video: 0 },
  storyboard: { image: 1, video: 0 },
  remix: { image: 0, video: 0 },
  extension: { image: 0, video: 0 },
  character: { image: 0, video: 1 },
  character_video: { image: 1, video: 1 },
  enhance: { image: 0, video: 0 },
};

/** Everything that can be known before anything is uploaded, in whichever step. Pure. @throws UpstreamError */
export function checkRequest(request: GenerationRequest): void {
  for (const kind of ['image', 'video'] as const) {
    if (referencesOf(request, kind).length > capacity[request.workflow][kind]) throw notSupported(request, `${kind}s`);
  }
  if (!referencesOf(request, 'image').every(readsImage)) {
    throw refusal(
      'invalid_reference',
      'The upstream reads images as PNG, JPEG or WebP only. Send the image as one of these.',
    );
  }
  if (request.workflow === 'character' || request.workflow === 'character_video') checkSource(request);
  if (request.workflow === 'remix' && request.parent?.type !== 'share') draftIdOf(request);
  if (request.workflow === 'enhance') enhanceBody(request);
  else if (request.workflow !== 'character') createCall(request, placeholders);
}

export function referencesOf({ references }: GenerationRequest, kind: Reference['kind']): Reference[] {
  return references.filter((reference) => reference.kind === kind);
}

/** In the place of what only the upstream can give. */
const placeholders = { postId: `s_${'0'.repeat(32)}` };

/** A character is made of a video, or of a finished task. */
function checkSource(request: GenerationRequest): void {
  const videos = referencesOf(request, 'video').length;
  if (videos === 0) draftIdOf(request);
  else if (request.parent) throw notSupported(request, 'video and parent');
}
