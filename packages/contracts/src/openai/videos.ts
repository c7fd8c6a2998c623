/** POST /v1/videos in JSON or multipart: `seconds` and `size` come as text or number, the reference as a file, an address or a data URI. */
import { z } from 'zod';
import { AppError } from '../errors.js';
import { getModel, type Model } from '../models.js';
import { LongText } from '../request/long-text.js';
import { checkPromptLength, type MediaInput, type RequestInput } from '../request/request-input.js';

/** A file part of a form: its bytes, and the name it was sent with. */
export class UploadedFile {
  constructor(
    readonly fileName: string,
    readonly bytes: Uint8Array,
  ) {}
}

export const createVideoSchema = z.object({
  prompt: z.union([z.string().trim().min(1), z.instanceof(LongText)]),
  model: z.string().min(1).default('sora2-landscape-10s'),
  seconds: z.union([z.string(), z.number()]).nullish(),
  size: z.string().nullish(),
  input_reference: z.unknown().optional(),
});
export type CreateVideo = z.infer<typeof createVideoSchema>;

/** @throws AppError `model_not_found`, `invalid_value`, `not_supported_by_model`, `unsupported_parameter` */
export function inputOfVideo(body: CreateVideo): { model: Model; input: RequestInput } {
  const model = getModel(body.model);
  if (model.kind !== 'video') {
    throw new AppError(
      'not_supported_by_model',
      `"${model.id}" makes no videos: choose a video model, or use it through POST /v1/chat/completions.`,
      { param: 'model' },
    );
  }
  const asked: Record<string, string> = {};
  if (body.seconds != null) asked.seconds = checkSeconds(body.seconds, model);
  if (body.size != null) asked.size = checkSize(body.size, model);
  const media = body.input_reference == null ? [] : [readReference(body.input_reference)];
  return { model, input: { prompt: checkPromptLength(body.prompt, 'prompt'), promptParam: 'prompt', media, asked } };
}

/** OpenAI's three spellings (a file, `{image_url}`, `{file_id}`) and the plain string of other clients. */
function readReference(given: unknown): MediaInput {
  const param = 'input_reference';
  if (given instanceof UploadedFile) return { kind: 'image', source: given.bytes, param };
  if (isAddress(given)) return { kind: 'image', source: given, param };
  if (typeof given === 'object' && given !== null) {
    const { image_url: imageUrl } = given as { image_url?: unknown };
    if (isAddress(imageUrl)) return { kind: 'image', source: imageUrl, param: `${param}.image_url` };
    if ('file_id' in given) {
      throw new AppError('unsupported_parameter', 'Files are not kept here: send the image itself, or its address.', {
        param: `${param}.file_id`,
      });
    }
  }
  throw new AppError('invalid_value', 'input_reference must be an image file or {"image_url": "…"}.', { param });
}

function isAddress(given: unknown): given is string | LongText {
  return given instanceof LongText || (typeof given === 'string' && given !== '');
}

/** The model id fixes the length; another number is refused rather than silently changed. */
function checkSeconds(seconds: string | number, model: Model): string {
  if (Number(seconds) === model.seconds) return String(seconds);
  throw new AppError(
    'invalid_value',
    `"${model.id}" makes ${model.seconds} seconds; leave seconds out or choose another model.`,
    { param: 'seconds' },
  );
}

/** Any `WIDTHxHEIGHT` of the model's orientation is taken; the object says what is really made. */
function checkSize(size: string, model: Model): string {
  const match = /^(\d{2,5})x(\d{2,5})$/.exec(size);
  if (!match) throw new AppError('invalid_value', 'size must look like "1280x720".', { param: 'size' });
  if (model.extends) {
    throw new AppError(
      'not_supported_by_model',
      `"${model.id}" keeps the size of the video it continues: leave size out.`,
      {
        param: 'size',
      },
    );
  }
  const orientation = Number(match[1]) >= Number(match[2]) ? 'landscape' : 'portrait';
  if (orientation === model.orientation) return size;
  throw new AppError(
    'invalid_value',
    `"${model.id}" is ${model.orientation} and ${size} is ${orientation}; choose the other model or size.`,
    { param: 'size' },
  );
}
