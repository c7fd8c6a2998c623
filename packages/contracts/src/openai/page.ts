/** Lists as the official SDKs page them: `after`, `limit`, `order` in the query, and where the page ends in the answer. */
import { z } from 'zod';

export const pageQuerySchema = z.object({
  /** Id of the last item that the client has. */
  after: z
    .string()
    .max(100)
    .transform((id) => (id === '' ? undefined : id))
    .optional(),
  limit: z
    .string()
    .regex(/^(\d{1,2}|100)$/, 'send a number from 0 to 100')
    .transform(Number)
    .default(20),
  order: z.enum(['asc', 'desc'], 'send asc or desc').default('desc'),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;

/** All five keys are always there: the SDKs go on with `last_id`, and stop without a word where it is missing. */
export function pageOf<Item extends { id: string }>(data: Item[], hasMore: boolean) {
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  } as const;
}
