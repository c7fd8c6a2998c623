import { z } from 'zod';
import { generationStates, stages } from '../domain.js';
import { deletedOf, endedWithSchema, listOf, progress, unixSeconds, waitingShape } from './answer-parts.js';

/** OpenAI's four; there is no other in its enumeration. */
const status = z.enum(['queued', 'in_progress', 'completed', 'failed']);

export const videoSchema = z.object({
  id: z.string(),
  object: z.literal('video'),
  model: z.string(),
  status,
  progress,
  created_at: unixSeconds,
  completed_at: unixSeconds.nullable(),
  expires_at: unixSeconds.nullable().describe('When its file goes, or went.'),
  prompt: z.string(),
  size: z.string().describe('Width and height in pixels as they are, once it is made.'),
  seconds: z.string(),
  remixed_from_video_id: z.string().nullable(),
  error: endedWithSchema.nullable(),
  state: z.enum(generationStates).describe('Also `cancelled`, which the status cannot say.'),
  stage: z.enum(stages),
  simulated: z.boolean().describe('Made by the built-in simulator.'),
  generation_id: z.string(),
  url: z.string().nullable().describe('A signed link to the file.'),
  ...waitingShape,
});
export const videoListSchema = listOf(videoSchema);
export const deletedVideoSchema = deletedOf('video.deleted');

export const characterObjectSchema = z.object({
  id: z.string(),
  object: z.literal('character'),
  created_at: unixSeconds,
  name: z.string().nullable(),
  status,
  username: z.string().nullable().describe('Prompts call it `@username`.'),
  display_name: z.string().nullable(),
  avatar_url: z.string().nullable(),
  simulated: z.boolean(),
  error: endedWithSchema.nullable(),
});
