/** A query against its schema. Pure. */
import { AppError } from '@reelay/contracts/errors';
import type { z } from 'zod';

/** @throws AppError `invalid_value` */
export function checkQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
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
