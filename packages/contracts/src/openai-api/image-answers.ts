import { z } from 'zod';
import { unixSeconds } from './answer-parts.js';

const count = z.number().int().nonnegative();
const tokens = z.object({ text_tokens: count, image_tokens: count });

const made = {
  output_format: z.string(),
  size: z.string(),
  usage: z.object({
    input_tokens: count,
    input_tokens_details: tokens,
    output_tokens: count,
    output_tokens_details: tokens,
    total_tokens: count,
  }),
};

export const imagesAnswerSchema = z.object({
  created: unixSeconds,
  ...made,
  data: z
    .array(
      z.object({
        url: z.string().optional(),
        generation_id: z.string(),
        b64_json: z.string().optional(),
      }),
    )
    .min(1),
});

export const imageEventSchema = z.object({
  type: z.enum(['image_generation.completed', 'image_edit.completed']),
  created_at: unixSeconds,
  background: z.literal('auto'),
  quality: z.literal('auto'),
  ...made,
  generation_id: z.string(),
  b64_json: z.string(),
});
