import type { KindOf } from './fault-table.js';

type Entry = Record<string, unknown>;

/** Whether a list has anything in it: a fault that strikes once must not be wasted on an empty one. */
export function canRewrite(body: unknown): boolean {
  return entriesOf(body).length > 0;
}

/** What becomes of the body of a list that is answered well. */
export function rewriteBody(kind: KindOf<'rewrite'>, body: unknown): unknown {
  switch (kind) {
    case 'pending_object':
      return { items: body };
    case 'progress_null':
      return changeEntries(body, (entry) => ({ ...entry, progress_pct: null }));
    case 'progress_missing':
      return changeEntries(body, ({ progress_pct: _, ...rest }) => rest);
  }
}

function changeEntries(body: unknown, change: (entry: Entry) => Entry): unknown {
  const entries = entriesOf(body).map(change);
  return Array.isArray(body) ? entries : { ...(body as object), task_responses: entries };
}

/** The pending list is an array; the list of images is one inside of an object. */
function entriesOf(body: unknown): readonly Entry[] {
  if (Array.isArray(body)) return body;
  const { task_responses: entries } = (body ?? {}) as { task_responses?: unknown };
  return Array.isArray(entries) ? entries : [];
}
