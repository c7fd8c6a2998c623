import type { z } from 'zod';
import { UpstreamError } from './upstream-error.js';

/** The body as its schema wants it, or a 400 that names the first thing wrong with it. */
export function strictBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const key = [...issue.path, issue.keys[0]].join('.');
    throw new UpstreamError(400, 'unknown_parameter', `Unknown parameter: "${key}"`, key);
  }
  const name = issue.path.join('.');
  if (name !== '' && valueAt(body, issue.path) === undefined) {
    throw new UpstreamError(400, 'missing_parameter', `Missing required parameter: "${name}"`, name);
  }
  throw new UpstreamError(
    400,
    'invalid_value',
    `Invalid value for "${name || 'body'}": ${issue.message}`,
    name || null,
  );
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }, body);
}
