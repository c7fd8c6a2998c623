/** Events of a generation: rows `(generation, seq)` first, messages second. A watcher can always rebuild the stream from the rows. */
import { z } from 'zod';
import { stages } from './domain.js';
import { generationResultSchema } from './generation-request.js';

const progress = z.number().int().min(0).max(100);
const storedErrorSchema = z.object({ code: z.string(), message: z.string(), param: z.string().optional() });

/** `type` is noun.verb in the past tense; exactly one of the last three ends a stream. */
export const generationEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('generation.queued'), seq: z.number().int(), data: z.object({}) }),
  z.object({
    type: z.literal('generation.progressed'),
    seq: z.number().int(),
    data: z.object({
      stage: z.enum(stages),
      progress,
      /** A short reason in words when the generation went back to wait. */
      note: z.string().optional(),
    }),
  }),
  z.object({
    type: z.literal('generation.succeeded'),
    seq: z.number().int(),
    data: z.object({ result: generationResultSchema }),
  }),
  z.object({
    type: z.literal('generation.failed'),
    seq: z.number().int(),
    data: z.object({ error: storedErrorSchema }),
  }),
  z.object({
    type: z.literal('generation.cancelled'),
    seq: z.number().int(),
    data: z.object({ error: storedErrorSchema }),
  }),
]);
export type GenerationEvent = z.infer<typeof generationEventSchema>;

const terminalTypes: ReadonlySet<GenerationEvent['type']> = new Set([
  'generation.succeeded',
  'generation.failed',
  'generation.cancelled',
]);

export function isTerminalEvent(event: Pick<GenerationEvent, 'type'>): boolean {
  return terminalTypes.has(event.type);
}
