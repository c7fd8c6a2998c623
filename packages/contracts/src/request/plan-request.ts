/** From what a client asked to what is to be done: which workflow, from what it starts, and what cannot be. Pure. */
import { AppError } from '../errors.js';
import type { Model } from '../models.js';
import { checkMedia, refuseMedia, refuseRemixTarget } from './check-media.js';
import { planVideo } from './plan-video.js';
import { mentioned, type PlannedRequest, requestOf } from './planned-request.js';
import { readSource } from './read-source.js';
import type { RequestInput } from './request-input.js';

/**
 * @throws AppError `missing_required_parameter`, `invalid_value`, `not_supported_by_model`, with `param` in the client's words
 */
export function planRequest(model: Model, input: RequestInput): PlannedRequest {
  const { request, ...planned } = planWorkflow(model, input);
  // What is shown back is what the client wrote, marks and all.
  const isAsked = request.prompt === input.prompt;
  const asked = isAsked ? {} : { asked: { prompt: input.prompt, ...request.asked } };
  return { ...planned, request: { ...request, ...asked, ...(input.metadata ? { metadata: input.metadata } : {}) } };
}

function planWorkflow(model: Model, input: RequestInput): PlannedRequest {
  switch (model.workflow) {
    case 'enhance':
      refuseMedia(model, input);
      refuseRemixTarget(model, input);
      return { request: { ...requestOf(model, input), prompt: needPrompt(input) }, media: [] };
    case 'image':
      refuseRemixTarget(model, input);
      checkMedia(model, input);
      return { request: { ...requestOf(model, input), prompt: needPrompt(input) }, media: input.media };
    case 'character':
      return planCharacter(model, input);
    case 'extension':
      return planExtension(model, input);
    case 'video':
      return planVideo(model, input);
  }
}

/** A video wins over a mention, which then stays in the text: it says of whom the character is, and nothing of it is used. */
function planCharacter(model: Model, input: RequestInput): PlannedRequest {
  refuseRemixTarget(model, input);
  checkMedia(model, input);
  if (input.media.length > 0) return { request: requestOf(model, input), media: input.media };
  const { prompt, mention, param } = readSource(input);
  if (!mention) {
    throw new AppError(
      'missing_required_parameter',
      `"${model.id}" needs a video to make a character of: send one as video_url, or write the id of a video into the prompt (gen_… of Sora, or one made here).`,
      { param: input.promptParam },
    );
  }
  return { request: { ...requestOf(model, input), prompt }, media: [], parent: mentioned(mention, param) };
}

function planExtension(model: Model, input: RequestInput): PlannedRequest {
  refuseMedia(model, input);
  refuseRemixTarget(model, input);
  const { prompt, mention, param } = readSource(input);
  if (!mention) {
    throw new AppError(
      'missing_required_parameter',
      `"${model.id}" continues a video: write its id (gen_… of Sora, or one made here) into the prompt, and beside it how it goes on.`,
      { param: input.promptParam },
    );
  }
  if (prompt.trim() === '') {
    throw new AppError(
      'missing_required_parameter',
      'The prompt names a video and says nothing else: add how it is to go on.',
      { param: input.promptParam },
    );
  }
  return { request: { ...requestOf(model, input), prompt }, media: [], parent: mentioned(mention, param) };
}

/** @throws AppError `missing_required_parameter` */
function needPrompt({ prompt, promptParam }: RequestInput): string {
  if (prompt.trim() !== '') return prompt;
  throw new AppError('missing_required_parameter', 'There is no text: write what is to be made into the prompt.', {
    param: promptParam,
  });
}
