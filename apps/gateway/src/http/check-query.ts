/** A query against its schema. Pure. */
import { AppError } from '@reelay/contracts/errors';
import type { z } from 'zod';

/** @throws AppError `invalid_value` */
export function checkQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) {
    refuseNul(parsed.data);
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const param = issue?.path.join('.') || 'query';
  throw new AppError(
    'invalid_value',
    `"${param}" of the query is not valid: ${issue?.message ?? 'see the documentation'}.`,
    {
      param,
    },
  );
}

/** No database takes one in a text, and no id or name has one. */
function refuseNul(query: unknown): void {
  if (typeof query !== 'object' || query === null) return;
  for (const [param, value] of Object.entries(query)) {
    if (typeof value !== 'string' || !value.includes('\0')) continue;
    throw new AppError('invalid_value', `"${param}" of the query contains a NUL: remove it.`, { param });
  }
}
