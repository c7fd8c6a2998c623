import { createHash } from 'node:crypto';
import type { TaskPlan } from './task.js';

/**
 * Equal for submits that ask for the same, whatever the order of the keys. `contentOf` gives what stands for an upload: a client
 * that repeats itself uploads its picture again, and gets another id for the same bytes.
 */
export function fingerprint(
  { body, kind, parent, uploads }: Pick<TaskPlan, 'body' | 'kind' | 'parent' | 'uploads'>,
  contentOf: (mediaId: string) => string,
): string {
  let text = canonical({ kind, parent, body });
  for (const id of uploads) text = text.replaceAll(JSON.stringify(id), JSON.stringify(contentOf(id)));
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([first], [second]) => (first < second ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`;
}
