/** POST /v1/videos in JSON or multipart: `seconds` and `size` come as text or number, the reference as a file, an address or a data URI. */
import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Model } from '../models.js';
import { LongText } from '../request/long-text.js';
import { checkPromptLength, type MediaInput, type RequestInput } from '../request/request-input.js';
import { FileId, type StoredUpload } from '../request/stored-upload.js';
import { chooseVideo } from './choose-video.js';

/** A file part of a form: its bytes, which lie in the store by then, and the name it was sent with. */
export class UploadedFile {
  constructor(
    readonly fileName: string,
    readonly bytes: Uint8Array | StoredUpload,
  ) {}
}

export const promptSchema = z.union([z.string().trim().min(1), z.instanceof(LongText)]);

/** OpenAI's guide allows two; each is a character made here. */
const charactersSchema = z
  .array(z.object({ id: z.string().min(1) }), 'Send a list like [{"id": "char_…"}]')
  .max(2, 'Send at most two characters');

export const createVideoSchema = z.object({
  prompt: promptSchema,
  /** `sora-2` when left out. */
  model: z.string().min(1).nullish(),
  seconds: z.union([z.string(), z.number()]).nullish(),
  size: z.string().nullish(),
  input_reference: z.unknown().optional(),
  characters: charactersSchema.nullish(),
});
export type CreateVideo = z.infer<typeof createVideoSchema>;

/** @throws AppError `model_not_found`, `invalid_value`, `not_supported_by_model`, `unsupported_parameter` */
export function inputOfVideo(body: CreateVideo): { model: Model; input: RequestInput } {
  const { model, asked } = chooseVideo(body);
  const media =
    body.input_reference == null || body.input_reference === '' ? [] : [readReference(body.input_reference)];
  const characters = (body.characters ?? []).map(({ id }, index) => ({ id, param: `characters[${index}].id` }));
  const input = { prompt: checkPromptLength(body.prompt, 'prompt'), promptParam: 'prompt', media, asked };
  return { model, input: characters.length === 0 ? input : { ...input, characters } };
}

/** OpenAI's three spellings (a file, `{image_url}`, `{file_id}`) and the plain string of other clients. */
function readReference(given: unknown): MediaInput {
  const param = 'input_reference';
  if (given instanceof UploadedFile) return { kind: 'image', source: given.bytes, param };
  if (isAddress(given)) return { kind: 'image', source: given, param };
  if (typeof given === 'object' && given !== null) {
    const { image_url: imageUrl, file_id: fileId } = given as { image_url?: unknown; file_id?: unknown };
    // Neither is better than the other: using one would silently drop what was meant.
    if (isGiven(imageUrl) && isGiven(fileId)) {
      throw new AppError(
        'invalid_value',
        'Send either {"image_url": "…"} or {"file_id": "file-…"} as input_reference, not both.',
        { param },
      );
    }
    if (isAddress(imageUrl)) return { kind: 'image', source: imageUrl, param: `${param}.image_url` };
    if (typeof fileId === 'string') return { kind: 'image', source: new FileId(fileId), param: `${param}.file_id` };
  }
  throw new AppError(
    'invalid_value',
    'input_reference must be an image file, {"image_url": "…"} or {"file_id": "file-…"}.',
    { param },
  );
}

/** Forms and nodes of workflows send what was left out as an empty text. */
export function isGiven(value: unknown): boolean {
  return value != null && value !== '';
}

function isAddress(given: unknown): given is string | LongText {
  return given instanceof LongText || (typeof given === 'string' && given !== '');
}
