import { z } from 'zod';
import {
  anyTextSchema,
  framesSchema,
  orientationSchema,
  PRO_FRAMES,
  PRO_MODEL,
  styleSchema,
  videoInpaintSchema,
} from './body-parts.js';
import type { TaskPlan, VideoPlan } from './task.js';

/** The body of `POST /nf/create` for a video from text, or from text and a picture: exactly these keys and values. */
export const plainVideoSchema = z
  .strictObject({
    kind: z.literal('video'),
    prompt: anyTextSchema,
    orientation: orientationSchema,
    size: z.enum(['small', 'large']),
    n_frames: framesSchema,
    model: z.enum(['sy_8', PRO_MODEL]),
    inpaint_items: videoInpaintSchema,
    style_id: styleSchema,
  })
  .refine(({ prompt, inpaint_items }) => /\S/.test(prompt) || inpaint_items.length > 0, {
    path: ['prompt'],
    message: 'must not be blank where there is no picture',
  })
  .refine(({ size, model }) => size === 'small' || model === PRO_MODEL, {
    path: ['size'],
    message: `"large" exists for the model ${PRO_MODEL} only`,
  })
  .refine(({ size, n_frames }) => size === 'small' || n_frames !== PRO_FRAMES, {
    path: ['n_frames'],
    message: `${PRO_FRAMES} frames exist in the size "small" only`,
  });

export type PlainVideoBody = z.output<typeof plainVideoSchema>;

export function planPlainVideo(body: PlainVideoBody): TaskPlan<VideoPlan> {
  const { prompt, model, style_id: style, orientation, size, n_frames: frames, inpaint_items: items } = body;
  return {
    kind: 'video',
    endpoint: 'create',
    body,
    prompt,
    model,
    style,
    parent: null,
    uploads: items.map((item) => item.upload_id),
    characters: [],
    media: { type: 'video', orientation, size, frames },
  };
}
