/** What a request to a video model means: its prompt and what comes with it choose between six workflows. Pure. */
import { AppError } from '../errors.js';
import { parseGenerationId } from '../ids.js';
import type { Model } from '../models.js';
import { parseShareId } from '../prompt/parse-share-id.js';
import { shotTags } from '../prompt/parse-storyboard.js';
import { readVideoPrompt, type VideoPrompt } from '../prompt/read-video-prompt.js';
import { checkMedia, refuseRemixTarget } from './check-media.js';
import { mentioned, type PlannedParent, type PlannedRequest, requestOf } from './planned-request.js';
import type { MediaInput, RequestInput } from './request-input.js';

/** @throws AppError `missing_required_parameter`, `invalid_value`, `not_supported_by_model` */
export function planVideo(model: Model, input: RequestInput): PlannedRequest {
  checkMedia(model, input);
  if (!model.remix) refuseRemixTarget(model, input);
  const prompt = readVideoPrompt(input.prompt);
  const target = model.remix ? findTarget(input, prompt) : undefined;
  if (target) return planRemix(model, input, prompt, target);

  const video = input.media.find(({ kind }) => kind === 'video');
  if (video) {
    refuseImageBeside(video, input.media);
    if (input.prompt.trim() === '') return planCharacterOf(model, input);
  }
  const text = needText(input, prompt);
  const style = prompt.style === undefined ? {} : { style: prompt.style };
  const request = { ...requestOf(model, input), prompt: text, ...style };
  // Shots are the upstream's affair only where it has a call for them; beside a character they are text.
  if (video) return { request: { ...request, workflow: 'character_video' }, media: input.media };
  if (!prompt.storyboard || !model.storyboard) return { request, media: input.media };
  return { request: { ...request, workflow: 'storyboard', storyboard: prompt.storyboard }, media: input.media };
}

/** The clip that a field or the prompt names. Two different ones are an error: one of them would be dropped. */
function findTarget(input: RequestInput, { share, mention }: VideoPrompt): PlannedParent | undefined {
  const named = [
    ...(input.remixTarget ? [readTarget(input.remixTarget)] : []),
    ...(share === undefined ? [] : [{ type: 'share', id: share } as const]),
    ...(mention === undefined ? [] : [mentioned(mention, input.promptParam)]),
  ];
  const [first] = named;
  const other = named.find(({ id }) => id !== first?.id);
  if (other) {
    throw new AppError('invalid_value', `Two clips are named to be remixed, ${first?.id} and ${other.id}: keep one.`, {
      param: input.promptParam,
    });
  }
  return first;
}

function readTarget({ text, param }: { text: string; param: string }): PlannedParent {
  const share = parseShareId(text);
  if (share !== undefined) return { type: 'share', id: share };
  const own = parseGenerationId(text);
  if (own !== undefined) return mentioned({ kind: 'own', id: own }, param);
  if (/^gen_[0-9A-Za-z]{6,}$/.test(text)) return mentioned({ kind: 'draft', id: text }, param);
  throw new AppError(
    'invalid_value',
    `"${param}" names no clip: send the id (s_…) or the link of a shared video, or the id of a video made here.`,
    { param },
  );
}

function planRemix(model: Model, input: RequestInput, prompt: VideoPrompt, parent: PlannedParent): PlannedRequest {
  const [media] = input.media;
  if (media) {
    throw new AppError(
      'invalid_value',
      `A remix takes no ${media.kind}: remove it, or remove ${parent.id} to make a new video of it.`,
      { param: media.param },
    );
  }
  if (!saysSomething(prompt.prompt)) {
    throw new AppError(
      'missing_required_parameter',
      `The prompt names the clip ${parent.id} and says nothing else: add what is to become of it.`,
      { param: input.promptParam },
    );
  }
  const style = prompt.style === undefined ? {} : { style: prompt.style };
  const request = { ...requestOf(model, input), workflow: 'remix', prompt: prompt.prompt, ...style } as const;
  return { request, media: [], parent };
}

function refuseImageBeside(video: MediaInput, media: readonly MediaInput[]): void {
  const image = media.find(({ kind }) => kind === 'image');
  if (!image) return;
  throw new AppError(
    'invalid_value',
    `An image cannot be used beside a video (${video.param}): a video makes a character, an image is a first frame. Send one of them.`,
    { param: image.param },
  );
}

/** A video without a word makes the character that is in it; it has no length and no size, whatever the model. */
function planCharacterOf(model: Model, input: RequestInput): PlannedRequest {
  const request = { ...requestOf(model, input), kind: 'character', workflow: 'character' } as const;
  return { request: { ...request, prompt: '', seconds: 0, frames: 0 }, media: input.media };
}

function needText({ prompt, promptParam }: RequestInput, read: VideoPrompt): string {
  if (saysSomething(read.prompt)) return read.prompt;
  throw new AppError(
    'missing_required_parameter',
    prompt.trim() === ''
      ? 'There is no text: write what is to be made into the prompt.'
      : 'The prompt consists of marks only: add what is to be made.',
    { param: promptParam },
  );
}

/** Shots without a scene say as little as no text at all. */
function saysSomething(prompt: string): boolean {
  return prompt.replace(shotTags, '').trim() !== '';
}
