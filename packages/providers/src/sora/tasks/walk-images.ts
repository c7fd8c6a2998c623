import type { CallContext } from '@reelay/contracts/provider';
import { defaultSettings } from '@reelay/contracts/settings';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import { type Page, type WalkEnd, walkPages } from './walk-pages.js';

const text = z.string().nullish().catch(null);

/** As with drafts: of a stranger's task no field can spoil the list. */
const imageTaskSchema = z.object({
  id: z.string(),
  status: text,
  progress_pct: z.number().nullish().catch(null),
  error_message: text,
  generations: z
    .array(z.object({ url: text }).catch({ url: null }))
    .nullish()
    .catch(null),
});
export type ImageTask = z.infer<typeof imageTaskSchema>;

const recentTasksSchema = z.object({ task_responses: z.array(imageTaskSchema) });
const maximumBytes = 16 * 1024 * 1024;

/** Tasks that make images, running and finished, newest first, until the visitor has seen enough. @throws UpstreamError */
export function walkImages(context: CallContext, visit: (tasks: ImageTask[]) => boolean): Promise<WalkEnd> {
  const pageSize = context.settings.recentTasks ?? defaultSettings['sora.recentTasks'];
  const mostItems = Math.max(pageSize, context.settings.recentTasksMost ?? defaultSettings['sora.recentTasksMost']);
  // There are no cursors, so the page doubles until it holds the most; that ends it, not a number of pages.
  const pages = Number.POSITIVE_INFINITY;
  return walkPages(
    { pageSize, pages, mostItems, sureItems: 20, read: (limit) => readRecentTasks(context, limit) },
    visit,
  );
}

async function readRecentTasks(context: CallContext, limit: number): Promise<Page<ImageTask>> {
  const { task_responses: items } = await callJson(
    context,
    { kind: 'call', name: 'GET v2/recent_tasks' },
    {
      method: 'GET',
      url: `${context.target.urls.backend}/v2/recent_tasks?limit=${limit}`,
      headers: appHeaders(context),
      maximumBytes,
    },
    recentTasksSchema,
  );
  return { items };
}
