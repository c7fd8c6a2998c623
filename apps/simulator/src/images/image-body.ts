import { z } from 'zod';
import { anyTextSchema } from '../tasks/body-parts.js';
import type { TaskPlan } from '../tasks/task.js';

const sizes = ['360x360', '540x360', '360x540'];

/** The body of `POST /video_gen`: a new image from text (`simple_compose`), or from text and one picture (`remix`). */
export const imageSchema = z
  .strictObject({
    type: z.literal('image_gen'),
    operation: z.enum(['simple_compose', 'remix']),
    prompt: anyTextSchema,
    width: z.number().int(),
    height: z.number().int(),
    n_variants: z.literal(1),
    n_frames: z.literal(1),
    inpaint_items: z
      .array(
        z.strictObject({
          type: z.literal('image'),
          frame_index: z.literal(0),
          upload_media_id: z.string().min(1),
        }),
      )
      .max(1),
  })
  .refine(({ width, height }) => sizes.includes(`${width}x${height}`), {
    path: ['width'],
    message: `width and height must be one of ${sizes.join(', ')}`,
  })
  .refine(({ operation, inpaint_items }) => inpaint_items.length === (operation === 'remix' ? 1 : 0), {
    path: ['inpaint_items'],
    message: 'must hold one picture for "remix" and none for "simple_compose"',
  })
  .refine(({ prompt, inpaint_items }) => /\S/.test(prompt) || inpaint_items.length > 0, {
    path: ['prompt'],
    message: 'must not be blank where there is no picture',
  });

export function planImage(body: z.output<typeof imageSchema>): TaskPlan {
  const { prompt, width, height, inpaint_items: items } = body;
  return {
    kind: 'image',
    endpoint: 'video_gen',
    body,
    prompt,
    model: null,
    style: null,
    parent: null,
    uploads: items.map((item) => item.upload_media_id),
    characters: [],
    media: { type: 'image', width, height },
  };
}
