import type { CallContext } from '@reelay/contracts/provider';
import { defaultSettings } from '@reelay/contracts/settings';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import { type Page, type WalkEnd, walkPages } from './walk-pages.js';

const text = z.string().nullish().catch(null);

/** Of a stranger's draft no field can spoil the page; only `task_id`, by which tasks are told apart, must be what it should be. */
const draftSchema = z.object({
  id: text,
  task_id: z.string().nullish(),
  kind: text,
  reason_str: text,
  markdown_reason_str: text,
  url: text,
  downloadable_url: text,
});
export type Draft = z.infer<typeof draftSchema>;

const draftsSchema = z.object({ items: z.array(draftSchema), cursor: z.string().nullish().catch(undefined) });
/** Some hundred drafts with everything the upstream tells about them. */
const maximumBytes = 16 * 1024 * 1024;

/** Finished videos, newest first, until the visitor has seen enough. @throws UpstreamError */
export function walkDrafts(context: CallContext, visit: (drafts: Draft[]) => boolean): Promise<WalkEnd> {
  const pageSize = context.settings.draftsPage ?? defaultSettings['sora.draftsPage'];
  const pages = context.settings.draftsPages ?? defaultSettings['sora.draftsPages'];
  const read = (limit: number, cursor: string | undefined) => readPage(context, limit, cursor);
  return walkPages({ pageSize, pages, mostItems: pageSize * pages, sureItems: 15, read }, visit);
}

function readPage(context: CallContext, limit: number, cursor: string | undefined): Promise<Page<Draft>> {
  const query = new URLSearchParams({ limit: String(limit), ...(cursor === undefined ? {} : { cursor }) });
  return callJson(
    context,
    { kind: 'call', name: 'GET project_y/profile/drafts' },
    {
      method: 'GET',
      url: `${context.target.urls.backend}/project_y/profile/drafts?${query}`,
      headers: appHeaders(context),
      maximumBytes,
    },
    draftsSchema,
  );
}
