import { z } from 'zod';
import { type TaskKind, taskKinds } from '../tasks/task.js';

/** What a record can be: a submit of one of the task kinds, or one of the things around them. */
export const recordKinds = [...taskKinds, 'upload', 'post', 'character', 'enhancement'] as const;
export type RecordKind = (typeof recordKinds)[number];

export const ledgerQuerySchema = z.strictObject({
  account: z.string().optional(),
  /** Milliseconds: what was accepted at that time or later. */
  since: z.coerce.number().optional(),
  /** One or, with commas, several. */
  kind: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(recordKinds)))
    .optional(),
});

export type LedgerFilter = z.output<typeof ledgerQuerySchema>;

export function choose<Kept extends { readonly account: string; readonly createdAt: number }>(
  records: Iterable<Kept>,
  filter: LedgerFilter,
  kindOf: (record: Kept) => RecordKind | TaskKind,
): Kept[] {
  const { account, since = 0, kind } = filter;
  return [...records].filter(
    (record) =>
      (account === undefined || record.account === account) &&
      record.createdAt >= since &&
      (kind === undefined || kind.includes(kindOf(record))),
  );
}
