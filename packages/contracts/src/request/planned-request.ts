/** A request whose way is clear: what the gateway still has to store and look up before it is accepted. */
import type { GenerationRequest, Parent } from '../generation-request.js';
import type { Model } from '../models.js';
import type { GenerationMention } from '../prompt/extract-generation-mention.js';
import type { MediaInput, RequestInput } from './request-input.js';

/** What a request starts from; of ours, who may use it and where it lies upstream is still to be found out. */
export type PlannedParent =
  | Extract<Parent, { type: 'share' }>
  | ({ type: 'mention'; param: string } & Pick<GenerationMention, 'kind' | 'id'>);

export interface PlannedRequest {
  /** Complete but for what only storing and looking up can tell. */
  request: Omit<GenerationRequest, 'references' | 'parent'>;
  media: readonly MediaInput[];
  parent?: PlannedParent;
}

export function mentioned(mention: GenerationMention, param: string): PlannedParent {
  return { type: 'mention', kind: mention.kind, id: mention.id, param };
}

/** The domain command of a model as the catalogue has it, with the prompt as written. */
export function requestOf(model: Model, input: RequestInput): PlannedRequest['request'] {
  const hasPixels = model.kind === 'image';
  return {
    kind: model.kind,
    workflow: model.workflow,
    model: model.id,
    prompt: input.prompt,
    orientation: model.orientation,
    ...(hasPixels ? { width: model.width, height: model.height } : {}),
    seconds: model.seconds,
    frames: model.frames,
    ...(model.enhance ? { enhance: model.enhance } : {}),
    upstream: model.upstream,
    ...(input.asked && Object.keys(input.asked).length > 0 ? { asked: input.asked } : {}),
  };
}
