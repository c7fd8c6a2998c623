import { z } from 'zod';

const durationMs = z.number().int().min(0).max(86_400_000);

/** How long a task takes and in how many steps its progress grows. */
export const taskTimingSchema = z.strictObject({
  queueMs: durationMs,
  renderMs: durationMs,
  /** Between leaving the pending list and appearing among the drafts. */
  gapMs: durationMs,
  progressSteps: z.number().int().min(1).max(1_000),
});

export type TaskTiming = z.output<typeof taskTimingSchema>;

/** What the control API can turn. Timing counts for tasks accepted from then on, the rest at once. */
export const speedSchema = taskTimingSchema.extend({
  /** Of the proof of work: smaller is harder. */
  difficulty: z.string().regex(/^([0-9a-f]{2}){1,64}$/, 'must be hexadecimal with an even number of digits'),
  /** When false, sentinel tokens are still needed, but no proof of work is asked for. */
  proofRequired: z.boolean(),
  sentinelTtlMs: durationMs,
  mediaLinkTtlMs: durationMs,
});

export type Speed = z.output<typeof speedSchema>;

export function defaultSpeed(renderMs: number): Speed {
  return {
    queueMs: 300,
    renderMs,
    gapMs: 300,
    progressSteps: 20,
    difficulty: '0fffff',
    proofRequired: true,
    sentinelTtlMs: 600_000,
    mediaLinkTtlMs: 3_600_000,
  };
}
