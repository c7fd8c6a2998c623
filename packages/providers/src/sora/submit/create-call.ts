import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createHeaders, provenHeaders } from '../calls/headers.js';
import type { UpstreamStep } from '../calls/upstream-step.js';
import { imageBody } from './image-body.js';
import { notSupported } from './refuse-request.js';
import {
  type CreateInputs,
  draftIdOf,
  extensionBody,
  plainVideoBody,
  remixBody,
  storyboardBody,
} from './video-bodies.js';

/** The one request that makes a task. */
export interface CreateCall {
  /** What it makes, by the list it shows in. */
  type: 'image' | 'video';
  path: string;
  headers: typeof createHeaders;
  body: object;
  about?: UpstreamStep['about'];
}

/** Pure. @throws UpstreamError when the upstream has no such task; nothing was sent then */
export function createCall(request: GenerationRequest, inputs: CreateInputs): CreateCall {
  switch (request.workflow) {
    case 'image':
      return { type: 'image', path: 'video_gen', headers: provenHeaders, body: imageBody(request, inputs) };
    case 'video':
    case 'character_video':
      return { type: 'video', path: 'nf/create', headers: createHeaders, body: plainVideoBody(request, inputs) };
    case 'remix':
      return {
        ...{ type: 'video', path: 'nf/create', headers: createHeaders, about: 'parent' },
        body: remixBody(request, inputs),
      };
    case 'storyboard':
      return {
        ...{ type: 'video', path: 'nf/create/storyboard', headers: provenHeaders },
        body: storyboardBody(request, inputs),
      };
    case 'extension':
      return {
        ...{ type: 'video', headers: provenHeaders, about: 'parent' },
        path: `project_y/profile/drafts/${draftIdOf(request)}/long_video_extension`,
        body: extensionBody(request),
      };
    default:
      throw notSupported(request, 'workflow');
  }
}
