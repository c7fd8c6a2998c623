import { z } from 'zod';
import { generationKinds } from '../domain.js';
import { workflows } from '../generation-request.js';
import { unixSeconds } from './answer-parts.js';

/** Null is what the model does not have, or takes over from what it goes on with. */
export const modelObjectSchema = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: unixSeconds,
  owned_by: z.string(),
  description: z.string(),
  kind: z.enum(generationKinds),
  workflow: z.enum(workflows),
  orientation: z.enum(['landscape', 'portrait', 'square']).nullable(),
  size: z.string().nullable(),
  seconds: z.number().int().nullable(),
  frames: z.number().int().nullable(),
  plan: z.enum(['any', 'pro']),
  styles: z.array(z.string()).describe('Those that a prompt may ask for.'),
  references: z.object({ images: z.number().int(), videos: z.number().int() }),
  remix: z.boolean(),
  storyboard: z.boolean(),
  extends: z.boolean(),
  enhance: z.object({ level: z.enum(['short', 'medium', 'long']), seconds: z.number().int() }).nullable(),
  simulated: z.boolean().describe('All accounts that could serve it just now belong to the built-in simulator.'),
});

/** All at once, as OpenAI answers it. */
export const modelListSchema = z.object({ object: z.literal('list'), data: z.array(modelObjectSchema) });
