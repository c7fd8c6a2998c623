import { z } from 'zod';
import { generationKinds, generationStates, stages } from '../domain.js';
import { storyboardSchema, workflows } from '../generation-request.js';
import { deletedOf, endedWithSchema, listOf, progress, unixSeconds, waitingShape } from './answer-parts.js';

const endedWith = endedWithSchema.extend({ param: z.string().optional() });

const generationShape = {
  id: z.string(),
  object: z.literal('generation'),
  group_id: z.string().nullable().describe('The first of those that were made by one request; null where it made one.'),
  kind: z.enum(generationKinds),
  workflow: z.enum(workflows),
  model: z.string(),
  prompt: z.string(),
  style: z.string().nullable(),
  storyboard: storyboardSchema.nullable(),
  parent: z.string().nullable().describe('What it was made from: an own video, or a clip of the upstream.'),
  asked: z.record(z.string(), z.string()).nullable().describe('What was asked where it differs from what is made.'),
  metadata: z.record(z.string(), z.string()).nullable().describe('As it was sent with a chat.'),
  state: z.enum(generationStates),
  stage: z.enum(stages),
  progress,
  seq: z.number().int().describe('Number of its last event.'),
  simulated: z.boolean(),
  created_at: unixSeconds,
  started_at: unixSeconds.nullable(),
  completed_at: unixSeconds.nullable(),
  deadline_at: unixSeconds,
  expires_at: unixSeconds.nullable(),
  results: z.array(
    z.object({
      url: z.string().nullable(),
      content_type: z.string(),
      size_bytes: z.number().int().nullable(),
      width: z.number().int().nullable(),
      height: z.number().int().nullable(),
      duration_ms: z.number().int().nullable(),
    }),
  ),
  text: z.string().nullable(),
  character: z
    .object({
      username: z.string(),
      display_name: z.string(),
      character_id: z.string().nullable(),
      cameo_id: z.string(),
    })
    .nullable(),
  error: endedWith.nullable(),
};

export const generationSchema = z.object({ ...generationShape, ...waitingShape });
export const generationListSchema = listOf(generationSchema);
export const deletedGenerationSchema = deletedOf('generation.deleted');

const event = { generation_id: z.string(), seq: z.number().int() };
const generation = z.object(generationShape).optional().describe('As it is then; missing where it was deleted.');

/** What the events of a generation carry; the last kind ends the stream. */
export const generationEventViewSchema = z.discriminatedUnion('type', [
  z.object({ ...event, type: z.literal('generation.queued') }),
  z.object({
    ...event,
    type: z.literal('generation.progressed'),
    stage: z.enum(stages),
    progress,
    note: z.string().optional(),
  }),
  z.object({ ...event, type: z.literal('generation.succeeded'), generation }),
  z.object({ ...event, type: z.enum(['generation.failed', 'generation.cancelled']), error: endedWith, generation }),
]);
