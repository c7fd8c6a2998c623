/** What the pool and each of its accounts did, by day, as people see it. Times are ISO 8601, durations milliseconds, shares 0 to 1. */
import { z } from 'zod';
import { generationKinds } from './domain.js';

const count = z.number().int().nonnegative();

export const workCountsSchema = z.object({
  /** Generations that the upstream took: the first submit of each that was acknowledged. */
  submitted: count,
  succeeded: count,
  /** Through the account, its proxy, the upstream or ourselves. */
  failed: count,
  /** Through the client's fault (a refused prompt, say); held against nobody. */
  failedByClient: count,
  cancelled: count,
  /**
   * Faults of the account: a submit it could not take, a limit it reached, a credential that is not accepted any more. One that concerns
   * no one kind of work is in `all` only.
   */
  faults: count,
  /** succeeded / (succeeded + failed); null without either. */
  successRate: z.number().nullable(),
  /** Of those that succeeded, from the first acknowledged submit to the stored result; null without any. */
  meanDurationMs: z.number().nullable(),
  /** Held slots × milliseconds, up to this moment; work that is still going on is in it. A character is in `video`, whose slot it holds. */
  busySlotMs: count,
});
export type WorkCounts = z.infer<typeof workCountsSchema>;

export const workByKindSchema = z.object({
  all: workCountsSchema,
  kinds: z.object({
    image: workCountsSchema,
    video: workCountsSchema,
    character: workCountsSchema,
    enhance: workCountsSchema,
  } satisfies Record<(typeof generationKinds)[number], typeof workCountsSchema>),
});
export type WorkByKind = z.infer<typeof workByKindSchema>;

/** `YYYY-MM-DD` in the time zone of the answer. */
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

export const workDaySchema = workByKindSchema.extend({ day });
export type WorkDay = z.infer<typeof workDaySchema>;

const lastErrorSchema = z.object({
  at: z.string(),
  /** `generation`: one failed that the account had in hand. `account`: a fault of the account itself. */
  source: z.enum(['generation', 'account']),
  kind: z.string(),
  /** One of docs/errors.md. */
  code: z.string(),
  message: z.string(),
  /** What docs/errors.md says of the code: what happened and what to do. */
  explanation: z.string(),
  generationId: z.string().nullable(),
});
export type LastError = z.infer<typeof lastErrorSchema>;

const errorCountSchema = z.object({ source: z.enum(['generation', 'account']), code: z.string(), count });
export type ErrorCount = z.infer<typeof errorCountSchema>;

export const statisticsSchema = z.object({
  /** By which days are counted (setting `statistics.timeZone`). */
  timeZone: z.string(),
  today: workDaySchema,
  /** Since the beginning; a deleted account stays in the pool's. */
  total: workByKindSchema,
  /** The last so many, today included, the oldest first. */
  days: z.array(workDaySchema),
  /** Of those days, the most frequent first; a client's mistakes are not in it. */
  errors: z.array(errorCountSchema),
  lastError: lastErrorSchema.nullable(),
});
export type Statistics = z.infer<typeof statisticsSchema>;

export const poolStatisticsSchema = statisticsSchema.extend({
  accounts: z.object({ total: count, active: count, needsAttention: count, disabled: count }),
});
export type PoolStatistics = z.infer<typeof poolStatisticsSchema>;

/** Null where the account gives no slot to the kind. By its present limit, so never exact for days on which that was another one. */
const utilisationSchema = z.object({ image: z.number().nullable(), video: z.number().nullable() });
export type Utilisation = z.infer<typeof utilisationSchema>;

const tokenDaySchema = workDaySchema.extend({ utilisation: utilisationSchema });

export const tokenStatisticsSchema = statisticsSchema.extend({
  id: z.string(),
  today: tokenDaySchema,
  days: z.array(tokenDaySchema),
  /** Faults since the last success, per kind of slot: from `token.faultThreshold` on it rests. */
  faultsInARow: z.object({ image: count, video: count }),
  slots: z.object({
    image: z.object({ used: count, limit: z.number().int() }),
    video: z.object({ used: count, limit: z.number().int() }),
  }),
});
export type TokenStatistics = z.infer<typeof tokenStatisticsSchema>;

export const statisticsQuerySchema = z.object({ days: z.coerce.number().int().min(1).max(366).default(14) });
export type StatisticsQuery = z.infer<typeof statisticsQuerySchema>;

export const utilisationPointSchema = z.object({
  /** Begin of the step. */
  at: z.string(),
  /** Means of the step's samples: slots in use; slots of accounts that could work; slots of all accounts that are switched on. */
  used: z.number(),
  ready: z.number(),
  most: z.number(),
  mostUsed: count,
  /** The most that waited at one sample. */
  waiting: count,
  samples: count,
});
export type UtilisationPoint = z.infer<typeof utilisationPointSchema>;

export const poolUtilisationSchema = z.object({
  stepMinutes: z.number().int(),
  image: z.array(utilisationPointSchema),
  video: z.array(utilisationPointSchema),
});
export type PoolUtilisation = z.infer<typeof poolUtilisationSchema>;

const mostPoints = 2_000;

export const utilisationQuerySchema = z
  .object({
    hours: z.coerce.number().int().min(1).max(8_784).default(24),
    stepMinutes: z.coerce.number().int().min(1).max(1_440).optional(),
  })
  .transform(({ hours, stepMinutes }) => ({ hours, stepMinutes: stepMinutes ?? Math.max(1, Math.ceil(hours / 4.8)) }))
  .refine(({ hours, stepMinutes }) => (hours * 60) / stepMinutes <= mostPoints, {
    path: ['stepMinutes'],
    message: `is too fine for so many hours: a series has at most ${mostPoints} points`,
  });
export type UtilisationQuery = z.infer<typeof utilisationQuerySchema>;
