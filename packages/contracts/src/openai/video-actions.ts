/** What the videos API does with a video that is there: remix, edit and extend it, or make a character of it. JSON and multipart alike. */
import { z } from 'zod';
import { AppError } from '../errors.js';
import { getModel, type Model } from '../models.js';
import { LongText } from '../request/long-text.js';
import { checkPromptLength, type MediaInput, type RequestInput } from '../request/request-input.js';
import { FileId } from '../request/stored-upload.js';
import { getVideoModel, readSeconds } from './choose-video.js';
import { isGiven, promptSchema, UploadedFile } from './videos.js';

/** Looked at by `readVideo`. */
const video = z.unknown();
const model = z.string().min(1).nullish();

export const remixVideoSchema = z.object({ prompt: promptSchema });
export type RemixVideo = z.infer<typeof remixVideoSchema>;

export const editVideoSchema = z.object({ prompt: promptSchema, video, model });
export type EditVideo = z.infer<typeof editVideoSchema>;

export const extendVideoSchema = z.object({
  prompt: promptSchema,
  video,
  seconds: z.union([z.string(), z.number()]).nullish(),
  model,
});
export type ExtendVideo = z.infer<typeof extendVideoSchema>;

export const createCharacterSchema = z.object({ name: z.string().trim().min(1).max(80), video });
export type CreateCharacter = z.infer<typeof createCharacterSchema>;

/** `{id}` or the id itself; a file or an address where the video is not one of ours. */
export type GivenVideo = { id: string; param: string } | { media: MediaInput };

/** @throws AppError `missing_required_parameter`, `invalid_value` */
export function readVideo(given: unknown): GivenVideo {
  const param = 'video';
  if (given == null) {
    throw new AppError('missing_required_parameter', '"video" is missing: add it as {"id": "video_…"} or a file.', {
      param,
    });
  }
  if (given instanceof UploadedFile) return { media: { kind: 'video', source: given.bytes, param } };
  if (given instanceof LongText) return { media: { kind: 'video', source: given, param } };
  if (typeof given === 'string' && given !== '') {
    return /^(https?:|data:)/i.test(given) ? { media: { kind: 'video', source: given, param } } : { id: given, param };
  }
  const { id, file_id: fileId } = given as { id?: unknown; file_id?: unknown };
  if (isGiven(id) && isGiven(fileId)) {
    throw new AppError('invalid_value', 'Send either {"id": "video_…"} or {"file_id": "file-…"} as video, not both.', {
      param,
    });
  }
  if (typeof fileId === 'string' && isGiven(fileId))
    return { media: { kind: 'video', source: new FileId(fileId), param: `${param}.file_id` } };
  if (typeof id === 'string' && id !== '') return { id, param: `${param}.id` };
  throw new AppError('invalid_value', 'video must be {"id": "video_…"} or a file.', { param });
}

/** The id stands in the path; what is made is made as the video was. */
export function inputOfRemix(body: RemixVideo, id: string): RequestInput {
  const prompt = checkPromptLength(body.prompt, 'prompt');
  return { prompt, promptParam: 'prompt', media: [], remixTarget: { text: id, param: 'id' } };
}

/** @throws AppError `not_supported_by_model`, `invalid_value`, `model_not_found` */
export function inputOfExtension({ seconds: written, ...body }: ExtendVideo): { model: Model; input: RequestInput } {
  const seconds = written === '' ? undefined : written;
  const extending = chooseExtension({ ...body, seconds });
  const given = readVideo(body.video);
  if ('media' in given) {
    throw new AppError(
      'not_supported_by_model',
      `"${extending.id}" continues videos that were made here: send video as {"id": "video_…"}.`,
      { param: 'video' },
    );
  }
  const asked = {
    ...(body.model == null ? {} : { model: body.model }),
    ...(seconds == null ? {} : { seconds: String(seconds) }),
  };
  const prompt = checkPromptLength(body.prompt, 'prompt');
  const source = { text: given.id, param: given.param };
  return { model: extending, input: { prompt, promptParam: 'prompt', media: [], source, asked } };
}

/** The shorter one where that is enough; there is none longer than 15 seconds. */
function chooseExtension({ model: wanted, seconds }: ExtendVideo): Model {
  const named = wanted == null ? undefined : getVideoModel(wanted);
  if (named?.extends && (seconds == null || readSeconds(seconds) === named.seconds)) return named;
  const length = readSeconds(seconds ?? 10) <= 10 ? 10 : 15;
  return getModel(`sora2-extension-${length}s`);
}

/**
 * @throws AppError `not_supported_by_model`: no upstream edits a video. Whether the video is there is for the caller to find out before.
 */
export function refuseEdit({ model: wanted }: EditVideo): never {
  const { id } = getVideoModel(wanted ?? 'sora-2');
  throw new AppError(
    'not_supported_by_model',
    `"${id}" cannot edit a video: make a new one of it with POST /v1/videos/{id}/remix, or continue it with POST /v1/videos/extensions.`,
    { param: 'model' },
  );
}

/** The name is the client's own: prompts may use it where the character's id comes with them. */
export function inputOfCharacter({ name, video: given }: CreateCharacter): { model: Model; input: RequestInput } {
  const video = readVideo(given);
  const input = { prompt: '', promptParam: 'video', asked: { name } };
  if ('media' in video) return { model: getModel('avatar-create'), input: { ...input, media: [video.media] } };
  const source = { text: video.id, param: video.param };
  return { model: getModel('avatar-create'), input: { ...input, media: [], source } };
}
