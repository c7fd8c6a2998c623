import { z } from 'zod';
import { framesSchema, orientationSchema, promptSchema, shareIdSchema, styleSchema } from './body-parts.js';
import type { TaskPlan, VideoPlan } from './task.js';

/** The body of `POST /nf/create` for a remix: no size, and the small model only. */
export const remixSchema = z.strictObject({
  kind: z.literal('video'),
  prompt: promptSchema,
  inpaint_items: z.array(z.unknown()).length(0),
  remix_target_id: shareIdSchema,
  cameo_ids: z.array(z.unknown()).length(0),
  cameo_replacements: z.strictObject({}),
  model: z.literal('sy_8'),
  orientation: orientationSchema,
  n_frames: framesSchema,
  style_id: styleSchema,
});

export function planRemix(body: z.output<typeof remixSchema>): TaskPlan<VideoPlan> {
  const { prompt, model, style_id: style, orientation, n_frames: frames, remix_target_id: parent } = body;
  const media: VideoPlan = { type: 'video', orientation, size: 'small', frames };
  return { kind: 'remix', endpoint: 'create', body, prompt, model, style, parent, uploads: [], characters: [], media };
}
