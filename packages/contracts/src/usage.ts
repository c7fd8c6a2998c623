/** What a key used: asked for a range of days, answered in counts and costs. */
import { z } from 'zod';
import { generationKinds } from './domain.js';

export const usageGroups = ['day', 'model', 'kind'] as const;
export type UsageGroup = (typeof usageGroups)[number];

/** Days of one answer; by day and something else it has many rows a day. */
const mostDays = 366;
const mostDaysInDetail = 93;

const dayMs = 24 * 3_600_000;
/** There was nothing to use before, and the first years of the calendar are no days to a database. */
const firstDay = '2000-01-01';
const day = z.iso.date('is not a day like 2026-11-22').refine((given) => given >= firstDay, `lies before ${firstDay}`);

export const usageQuerySchema = z
  .object({
    /** First and last day, in the time zone of the answer; without them the thirty days up to today. */
    start: day.optional(),
    end: day.optional(),
    /** `day`, `model`, `kind`, or several joined by commas. */
    group_by: z
      .string()
      .default('day')
      .transform((given) => [...new Set(given.split(',').map((part) => part.trim()))])
      .pipe(z.array(z.enum(usageGroups, `is one or several of ${usageGroups.join(', ')}, joined by commas`)).max(3)),
  })
  .refine(({ start, end }) => start === undefined || end === undefined || start <= end, {
    path: ['end'],
    message: 'lies before "start"',
  })
  .refine(({ start, end }) => (start === undefined) === (end === undefined), {
    path: ['start'],
    message: 'and "end" are given together or not at all',
  })
  .refine(
    ({ start, end, group_by: groups }) => {
      const days = start === undefined || end === undefined ? 30 : 1 + (Date.parse(end) - Date.parse(start)) / dayMs;
      return days <= (groups.includes('day') && groups.length > 1 ? mostDaysInDetail : mostDays);
    },
    {
      path: ['end'],
      message: `is too far from "start": at most ${mostDays} days, ${mostDaysInDetail} of them by day and something else`,
    },
  );
export type UsageQuery = z.infer<typeof usageQuerySchema>;

const count = z.number().int().nonnegative();

const usedSchema = z.object({
  /** Generations accepted. */
  accepted: count,
  /** Of them those that the upstream took; they are what costs, whatever became of them. */
  booked: count,
  /** Those that are still on their way to it. */
  reserved: count,
  /** Those that ended before; they count against no quota. */
  released: count,
  /** Of those that were booked, by the price of that moment. One per currency; none where the models had no price. */
  costs: z.array(z.object({ currency: z.string(), amount: z.number() })),
});

export const usageRowSchema = z.object({
  object: z.literal('usage.row'),
  /** As asked for in `group_by`. */
  day: z.string().optional(),
  model: z.string().optional(),
  kind: z.string().optional(),
  ...usedSchema.shape,
});
export type UsageRow = z.infer<typeof usageRowSchema>;

export const quotaViewSchema = z.object({
  kind: z.enum(generationKinds),
  period: z.enum(['day', 'month']),
  limit: count,
  used: count,
  /** ISO 8601. */
  resets_at: z.string(),
});
export type QuotaView = z.infer<typeof quotaViewSchema>;

export const usageReportSchema = z.object({
  object: z.literal('usage'),
  api_key_id: z.string(),
  /** Setting `statistics.timeZone`. A generation belongs to the day on which it was accepted. */
  time_zone: z.string(),
  start: z.string(),
  end: z.string(),
  group_by: z.array(z.enum(usageGroups)),
  /** In the order of what they are grouped by. Days and models without anything are not in it. */
  data: z.array(usageRowSchema),
  total: usedSchema,
  /** Of the key, as they stand now. */
  quotas: z.array(quotaViewSchema),
});
export type UsageReport = z.infer<typeof usageReportSchema>;
