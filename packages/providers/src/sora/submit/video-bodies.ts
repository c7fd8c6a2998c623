/** Bodies of the calls that make videos: exactly these keys in this order, those that are always null included. Source: sora-web.md 1.3.4. */
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { formatStoryboard } from '@reelay/contracts/prompt/format-storyboard';
import { styleIdSchema } from '@reelay/contracts/prompt/styles';
import { z } from 'zod';
import { parseBody } from './refuse-request.js';

/** What earlier calls of ours gave. */
export interface CreateInputs {
  /** Of the uploaded image. */
  mediaId?: string;
  /** Of the character that plays. */
  username?: string;
  /** Of the draft that was published to be remixed. */
  postId?: string;
}

const prompt = z.string().min(1);
const orientation = z.enum(['landscape', 'portrait']);
const frames = z.literal([300, 450, 750]);
const inpaintItems = z.array(z.strictObject({ kind: z.literal('upload'), upload_id: z.string().min(1) })).max(1);
const style = styleIdSchema.nullable();
const shareId = z.string().regex(/^s_[0-9a-f]{32}$/);
const draftId = z.string().regex(/^gen_[0-9A-Za-z]+$/);

const plainSchema = z.strictObject({
  kind: z.literal('video'),
  prompt,
  orientation,
  size: z.enum(['small', 'large']),
  n_frames: frames,
  model: z.enum(['sy_8', 'sy_ore']),
  inpaint_items: inpaintItems,
  style_id: style,
});

export function plainVideoBody(request: GenerationRequest, { mediaId, username }: CreateInputs) {
  return parseBody(request, plainSchema, {
    kind: 'video',
    prompt: username === undefined ? request.prompt : `@${username} ${request.prompt}`,
    orientation: request.orientation,
    size: request.upstream.size,
    n_frames: request.frames,
    model: request.upstream.model,
    inpaint_items: inpaintItemsOf(mediaId),
    style_id: request.style ?? null,
  });
}

/** No size, and the standard model whatever was asked. */
const remixSchema = z.strictObject({
  kind: z.literal('video'),
  prompt,
  inpaint_items: z.tuple([]),
  remix_target_id: shareId,
  cameo_ids: z.tuple([]),
  cameo_replacements: z.strictObject({}),
  model: z.literal('sy_8'),
  orientation,
  n_frames: frames,
  style_id: style,
});

export function remixBody(request: GenerationRequest, { postId }: CreateInputs) {
  return parseBody(request, remixSchema, {
    kind: 'video',
    prompt: request.prompt,
    inpaint_items: [],
    remix_target_id: request.parent?.type === 'share' ? request.parent.id : postId,
    cameo_ids: [],
    cameo_replacements: {},
    model: 'sy_8',
    orientation: request.orientation,
    n_frames: request.frames,
    style_id: request.style ?? null,
  });
}

const storyboardSchema = z.strictObject({
  kind: z.literal('video'),
  prompt,
  title: z.literal('Draft your video'),
  orientation,
  size: z.literal('small'),
  n_frames: frames,
  storyboard_id: z.null(),
  inpaint_items: inpaintItems,
  remix_target_id: z.null(),
  model: z.literal('sy_8'),
  metadata: z.null(),
  style_id: style,
  cameo_ids: z.null(),
  cameo_replacements: z.null(),
  audio_caption: z.null(),
  audio_transcript: z.null(),
  video_caption: z.null(),
});

export function storyboardBody(request: GenerationRequest, { mediaId }: CreateInputs) {
  return parseBody(request, storyboardSchema, {
    kind: 'video',
    prompt: request.storyboard ? formatStoryboard(request.storyboard) : '',
    title: 'Draft your video',
    orientation: request.orientation,
    size: 'small',
    n_frames: request.frames,
    storyboard_id: null,
    inpaint_items: inpaintItemsOf(mediaId),
    remix_target_id: null,
    model: 'sy_8',
    metadata: null,
    style_id: request.style ?? null,
    cameo_ids: null,
    cameo_replacements: null,
    audio_caption: null,
    audio_transcript: null,
    video_caption: null,
  });
}

/** Which draft is continued stands in the address. */
const extensionSchema = z.strictObject({
  user_prompt: prompt,
  extension_duration_s: z.literal([10, 15]),
  enable_rewrite: z.literal(true),
});

export function extensionBody(request: GenerationRequest) {
  return parseBody(request, extensionSchema, {
    user_prompt: request.prompt,
    extension_duration_s: request.seconds,
    enable_rewrite: true,
  });
}

/** Of a request that starts from a draft. @throws UpstreamError where it names none */
export function draftIdOf(request: GenerationRequest): string {
  return parseBody(request, z.object({ parent: draftId }), {
    parent: request.parent?.type === 'draft' ? request.parent.id : undefined,
  }).parent;
}

function inpaintItemsOf(mediaId: string | undefined) {
  return mediaId === undefined ? [] : [{ kind: 'upload', upload_id: mediaId }];
}
