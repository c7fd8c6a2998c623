/** Which tokens may serve a request: the one place where what is asked becomes a lane. Pure. */
import type { GenerationRequest } from './generation-request.js';
import type { Lane } from './lane.js';
import type { Model } from './models.js';

/**
 * What a token must be able to, to serve this request. Storyboards and remixes are always made by the standard model, whatever the
 * client's model is; of them only 25 seconds need Pro. Source: sora-web.md 1.3.4, 3.4.
 */
export function laneOfRequest(model: Model, request: GenerationRequest, tokenId?: string): Lane {
  const isStandard = request.workflow === 'storyboard' || request.workflow === 'remix';
  return {
    provider: model.provider,
    kind: request.kind,
    plan: isStandard && request.frames < longestFrames ? 'any' : planOf(model, request),
    sora2: model.requires.sora2,
    ...(tokenId === undefined ? {} : { tokenId }),
  };
}

const longestFrames = 750;

/** A character alone is the same whatever video model it was asked of. */
function planOf(model: Model, { kind }: GenerationRequest): Lane['plan'] {
  return kind === 'character' ? 'any' : model.requires.plan;
}
