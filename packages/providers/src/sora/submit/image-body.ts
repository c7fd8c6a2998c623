import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { z } from 'zod';
import { parseBody } from './refuse-request.js';

const pixels = z.number().int().positive();

/** Source: sora-web.md 1.3.3. */
const imageSchema = z.strictObject({
  type: z.literal('image_gen'),
  operation: z.enum(['simple_compose', 'remix']),
  prompt: z.string().min(1),
  width: pixels,
  height: pixels,
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
});

export function imageBody(request: GenerationRequest, { mediaId }: { mediaId?: string }) {
  return parseBody(request, imageSchema, {
    type: 'image_gen',
    operation: mediaId === undefined ? 'simple_compose' : 'remix',
    prompt: request.prompt,
    width: request.width,
    height: request.height,
    n_variants: 1,
    n_frames: 1,
    inpaint_items: mediaId === undefined ? [] : [{ type: 'image', frame_index: 0, upload_media_id: mediaId }],
  });
}
