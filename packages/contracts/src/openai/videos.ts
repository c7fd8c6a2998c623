/** POST /v1/videos in JSON or multipart: `seconds` and `size` come as text or number, and files are refused by name until a model takes them. */
import { z } from 'zod';
import { AppError } from '../errors.js';
import type { GenerationRequest } from '../generation-request.js';
import { maximumPromptLength } from '../generation-request.js';
import { getModel, type Model } from '../models.js';

export const createVideoSchema = z.object({
  prompt: z.string().trim().min(1).max(maximumPromptLength),
  model: z.string().min(1).default('sora2-landscape-10s'),
  seconds: z.union([z.string(), z.number()]).nullish(),
  size: z.string().nullish(),
  input_reference: z.unknown().optional(),
});
export type CreateVideo = z.infer<typeof createVideoSchema>;

/** @throws AppError `model_not_found`, `invalid_value`, `not_supported_by_model` */
export function requestOfVideo(body: CreateVideo): GenerationRequest {
  const model = getModel(body.model);
  if (body.input_reference !== undefined && body.input_reference !== null) {
    throw new AppError('not_supported_by_model', `"${model.id}" makes videos from text only; remove input_reference.`, {
      param: 'input_reference',
    });
  }
  const asked: Record<string, string> = {};
  if (body.seconds != null) asked.seconds = checkSeconds(body.seconds, model);
  if (body.size != null) asked.size = checkSize(body.size, model);
  return requestOfModel(model, body.prompt, asked);
}

/** The domain command for a catalogue model and a prompt. */
export function requestOfModel(model: Model, prompt: string, asked: Record<string, string> = {}): GenerationRequest {
  return {
    kind: model.kind,
    model: model.id,
    prompt,
    orientation: model.orientation,
    seconds: model.seconds,
    frames: model.frames,
    upstream: model.upstream,
    ...(Object.keys(asked).length > 0 ? { asked } : {}),
  };
}

/** The model id fixes the length; another number is refused rather than silently changed. */
function checkSeconds(seconds: string | number, model: Model): string {
  if (Number(seconds) === model.seconds) return String(seconds);
  throw new AppError(
    'invalid_value',
    `"${model.id}" makes ${model.seconds} seconds; leave seconds out or choose another model.`,
    {
      param: 'seconds',
    },
  );
}

/** Any `WIDTHxHEIGHT` of the model's orientation is taken; the object says what is really made. */
function checkSize(size: string, model: Model): string {
  const match = /^(\d{2,5})x(\d{2,5})$/.exec(size);
  if (!match) throw new AppError('invalid_value', 'size must look like "1280x720".', { param: 'size' });
  const orientation = Number(match[1]) >= Number(match[2]) ? 'landscape' : 'portrait';
  if (orientation === model.orientation) return size;
  throw new AppError(
    'invalid_value',
    `"${model.id}" is ${model.orientation} and ${size} is ${orientation}; choose the other model or size.`,
    {
      param: 'size',
    },
  );
}
