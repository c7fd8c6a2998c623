/** How the whole installation is doing, as `/api/admin/status` tells it. */
import { z } from 'zod';
import { generationStates } from './domain.js';
import { tokenCountsSchema } from './token-list.js';

const count = z.number().int();

export const laneViewSchema = z.object({
  /** What makes waiting rows interchangeable: `sora:video:any:sora2`. */
  lane: z.string(),
  /** Accounts that could ever serve it, and of them those of simulated targets. */
  tokens: count,
  simulated: count,
  /** Of these those in service now; null where a token-manager of the release before counted. */
  serving: count.nullable(),
  freeSlots: count,
  waiting: count,
  /** Why rows wait, and when that changes at the earliest. */
  reason: z.string().nullable(),
  recoversAt: z.string().nullable(),
  /** Mean time between the latest starts; null where nothing has started of late. */
  startEveryMs: count.nullable(),
  updatedAt: z.string(),
});

export const installationStatusSchema = z.object({
  version: z.string(),
  commit: z.string().nullable(),
  redis: z.enum(['ok', 'degraded']),
  /** How many generations are in each state. */
  generations: z.record(z.enum(generationStates), count),
  lanes: z.array(laneViewSchema),
  /** Null while the token-manager is away; `tokensError` then says so. */
  tokens: tokenCountsSchema.nullable(),
  tokensError: z.string().optional(),
});
export type InstallationStatus = z.infer<typeof installationStatusSchema>;
