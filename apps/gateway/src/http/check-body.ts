/** A body against its schema, with errors that name the field the way the client wrote it. Pure. */
import { AppError } from '@reelay/contracts/errors';
import { UploadedFile } from '@reelay/contracts/openai/videos';
import { LongText, longTextBytes } from '@reelay/contracts/request/long-text';
import type { z } from 'zod';

/** Deeper nesting is nobody's request, and would exhaust the stack of whoever walks it. */
const deepest = 32;

/** @throws AppError `missing_required_parameter`, `invalid_value`, `invalid_request` */
export function checkBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('invalid_request', 'The body must be an object with named fields.');
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw describeIssue(parsed.error.issues[0], body);
  refuseUnstorableText(parsed.data, []);
  return parsed.data;
}

function describeIssue(issue: z.core.$ZodIssue | undefined, body: object): AppError {
  const [unknownKey] = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const path = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])];
  const param = showPath(path);
  const given = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], body);
  if (unknownKey !== undefined) {
    return new AppError('invalid_value', `"${param}" is no field of this body: check its name.`, { param });
  }
  // A form writes numbers as texts too, and those can be too small without being empty.
  const isEmptyText = issue?.code === 'too_small' && typeof given === 'string' && given.trim() === '';
  // A rule over several fields says itself what is missing.
  if ((given === undefined && issue?.code !== 'custom') || isEmptyText) {
    const state = given === undefined ? 'is missing' : 'is empty';
    return new AppError('missing_required_parameter', `"${param}" ${state}: add it to the body.`, { param });
  }
  return new AppError(
    'invalid_value',
    `"${param}" is not valid: ${issue?.message.replace(/\.$/, '') ?? 'see the documentation'}.`,
    {
      param,
    },
  );
}

/** `messages[0].role` */
function showPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
    .join('');
}

/** Postgres stores neither NUL nor half of a surrogate pair; better said here than as a failure inside. */
function refuseUnstorableText(value: unknown, path: PropertyKey[]): void {
  if (typeof value === 'string') {
    // Longer ones are never stored as text: they become files, or are refused for their length.
    if (value.length > longTextBytes || isStorable(value)) return;
    const param = showPath(path);
    throw new AppError('invalid_value', `"${param}" contains a NUL or half a surrogate pair: remove it.`, { param });
  }
  if (typeof value !== 'object' || value === null || value instanceof UploadedFile || value instanceof LongText) return;
  if (path.length > deepest) {
    throw new AppError('invalid_value', `"${String(path[0])}" is nested too deeply.`, { param: String(path[0]) });
  }
  for (const [key, item] of Object.entries(value)) {
    // Of a field whose names are the client's own.
    if (!isStorable(key)) refuseUnstorableText(key, path);
    refuseUnstorableText(item, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}
