/**
 * POST /v1/images/generations and /v1/images/edits. Fields that have no meaning here (quality, background, compression …) are ignored, and
 * the answer says what was made.
 */
import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Model } from '../models.js';
import { LongText } from '../request/long-text.js';
import { checkPromptLength, type MediaInput, type RequestInput } from '../request/request-input.js';
import { FileId } from '../request/stored-upload.js';
import { chooseImage } from './choose-image.js';
import { promptSchema, UploadedFile } from './videos.js';

/** Multipart has no types: there numbers and truth come as text. */
const wholeNumber = z.union([z.number(), z.string()], 'Send a whole number');
const truth = z.preprocess(
  // Python's spelling is True.
  (given) => (typeof given === 'string' ? given.toLowerCase() : given),
  z.union([z.boolean(), z.enum(['true', 'false'])], 'Send true or false'),
);

export const createImageSchema = z.object({
  prompt: promptSchema,
  model: z.string().min(1).nullish(),
  n: wholeNumber.nullish(),
  size: z.string().nullish(),
  response_format: z.enum(['url', 'b64_json'], 'Send "url" or "b64_json"').nullish(),
  stream: truth.nullish(),
});
export type CreateImage = z.infer<typeof createImageSchema>;

export const editImageSchema = createImageSchema.extend({
  /** Multipart: one file, or several as `image`, `image[]` or `image[0]`. */
  image: z.unknown().optional(),
  /** JSON: `[{image_url}]` or `[{file_id}]`. */
  images: z.unknown().optional(),
  mask: z.unknown().optional(),
  markup: z.unknown().optional(),
});
export type EditImage = z.infer<typeof editImageSchema>;

/**
 * What stands for an image in the answer. The last two are for those who did not say: what is not stored has its address alone then.
 */
export type ImageForm = 'url' | 'b64_json' | 'b64_json_if_stored' | 'both';

export interface ImageOrder {
  model: Model;
  input: RequestInput;
  /** Images to make, each a generation of its own. */
  count: number;
  form: ImageForm;
  isStreamed: boolean;
}

export const mostImages = 10;
export const mostEditedImages = 16;

/** @throws AppError `model_not_found`, `invalid_value`, `not_supported_by_model` */
export function inputOfImage(body: CreateImage): ImageOrder {
  const { model, asked, alwaysBase64 } = chooseImage(body);
  const count = readCount(body.n);
  const prompt = checkPromptLength(body.prompt, 'prompt');
  const input = {
    prompt,
    promptParam: 'prompt',
    media: [],
    asked: count === 1 ? asked : { ...asked, n: String(count) },
  };
  const isStreamed = body.stream === true || body.stream === 'true';
  return { model, input, count, form: body.response_format ?? unsaidForm(body, alwaysBase64), isStreamed };
}

/**
 * Clients know by its name what a model answers. Under OpenAI's names they read base64, and those that look for an address first would
 * fetch it from where they may not. Under ours n8n reads base64 and others the address: they differ only in how they begin.
 */
function unsaidForm({ model }: CreateImage, alwaysBase64: boolean): ImageForm {
  if (alwaysBase64) return 'b64_json_if_stored';
  return model?.startsWith('gpt-image') ? 'both' : 'url';
}

/** @throws AppError those of `inputOfImage`, `missing_required_parameter` */
export function inputOfImageEdit(body: EditImage): ImageOrder {
  const order = inputOfImage(body);
  for (const name of ['mask', 'markup'] as const) {
    if (body[name] != null && body[name] !== '') throw noMask(name, order.model);
  }
  const media = [...listImages(body.image, 'image'), ...listImages(body.images, 'images')];
  if (media.length === 0) {
    throw new AppError(
      'missing_required_parameter',
      'There is no image to edit: send it as the form field "image", or in JSON as images: [{"image_url": "…"}].',
      { param: 'image' },
    );
  }
  const tooMany = media[mostEditedImages];
  if (tooMany) {
    throw new AppError('invalid_value', `At most ${mostEditedImages} images can be sent.`, { param: tooMany.param });
  }
  return { ...order, input: { ...order.input, media } };
}

function readCount(n: CreateImage['n']): number {
  if (n == null || n === '') return 1;
  const count = typeof n === 'number' ? n : /^\d{1,2}(?:\.0{1,9})?$/.test(n.trim()) ? Number(n) : Number.NaN;
  if (Number.isInteger(count) && count >= 1 && count <= mostImages) return count;
  throw new AppError('invalid_value', `"n" must be a whole number from 1 to ${mostImages}.`, { param: 'n' });
}

/** No upstream of today can be told which part of an image to change. */
function noMask(name: 'mask' | 'markup', model: Model): AppError {
  return new AppError(
    'not_supported_by_model',
    `"${model.id}" takes no ${name}: leave it out, and say in the prompt what is to change.`,
    { param: name },
  );
}

function listImages(given: unknown, param: string): MediaInput[] {
  if (given == null || given === '') return [];
  if (!Array.isArray(given)) return [readImage(given, param)];
  return given.map((each, index) => readImage(each, `${param}[${index}]`));
}

/** A file, an address or data URI as text, or as an object that names it. */
function readImage(given: unknown, param: string): MediaInput {
  if (given instanceof UploadedFile) return { kind: 'image', source: given.bytes, param };
  if (isAddress(given)) return { kind: 'image', source: given, param };
  if (typeof given === 'object' && given !== null) {
    const { image_url: imageUrl } = given as { image_url?: unknown };
    const url = typeof imageUrl === 'object' && imageUrl !== null && 'url' in imageUrl ? imageUrl.url : imageUrl;
    if (isAddress(url)) return { kind: 'image', source: url, param: `${param}.image_url` };
    const { file_id: fileId } = given as { file_id?: unknown };
    if (typeof fileId === 'string') return { kind: 'image', source: new FileId(fileId), param: `${param}.file_id` };
  }
  throw new AppError('invalid_value', 'An image is a file, or in JSON {"image_url": "…"} or {"file_id": "file-…"}.', {
    param,
  });
}

function isAddress(given: unknown): given is string | LongText {
  return given instanceof LongText || (typeof given === 'string' && given !== '');
}
