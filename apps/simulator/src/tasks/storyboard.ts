import { z } from 'zod';
import { framesSchema, orientationSchema, promptSchema, styleSchema, videoInpaintSchema } from './body-parts.js';
import { checkStoryboardText } from './storyboard-text.js';
import type { TaskPlan, VideoPlan } from './task.js';

/** The body of `POST /nf/create/storyboard`: seventeen keys, most of which say nothing. */
export const storyboardSchema = z.strictObject({
  kind: z.literal('video'),
  prompt: promptSchema.superRefine((prompt, context) => {
    const problem = checkStoryboardText(prompt);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }),
  title: z.literal('Draft your video'),
  orientation: orientationSchema,
  size: z.literal('small'),
  n_frames: framesSchema,
  storyboard_id: z.null(),
  inpaint_items: videoInpaintSchema,
  remix_target_id: z.null(),
  model: z.literal('sy_8'),
  metadata: z.null(),
  style_id: styleSchema,
  cameo_ids: z.null(),
  cameo_replacements: z.null(),
  audio_caption: z.null(),
  audio_transcript: z.null(),
  video_caption: z.null(),
});

export function planStoryboard(body: z.output<typeof storyboardSchema>): TaskPlan<VideoPlan> {
  const { prompt, model, style_id: style, orientation, size, n_frames: frames, inpaint_items: items } = body;
  return {
    kind: 'storyboard',
    endpoint: 'storyboard',
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
