import type { CallContext } from '@reelay/contracts/provider';
import { defaultSettings } from '@reelay/contracts/settings';
import { z } from 'zod';
import { callJson } from './call-json.js';
import { appHeaders } from './headers.js';

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

const draftsSchema = z.object({ items: z.array(draftSchema), cursor: z.string().nullish() });
type DraftsPage = z.infer<typeof draftsSchema>;

/** A page shorter than this, where the upstream sends no cursor, is the last: its own client asks for 15 and gets them. */
const surePage = 15;

/** `end`: the whole list was seen. `cap`: there may be more, but this is as far as it goes. */
export type WalkEnd = 'enough' | 'end' | 'cap';

/**
 * Finished tasks, newest first, page by page until the visitor has seen enough. Pages follow the answer's cursor; where there is
 * none, the same page is asked for again with more items, so a visitor may see an item twice. @throws UpstreamError
 */
export async function walkDrafts(context: CallContext, visit: (drafts: Draft[]) => boolean): Promise<WalkEnd> {
  const pageSize = context.settings.draftsPage ?? defaultSettings['sora.draftsPage'];
  const pages = context.settings.draftsPages ?? defaultSettings['sora.draftsPages'];
  let cursor: string | undefined;
  let seen = 0;
  for (let page = 1; page <= pages; page += 1) {
    const limit = cursor === undefined ? pageSize * page : pageSize;
    const { items, cursor: next } = await readPage(context, limit, cursor);
    if (visit(items)) return 'enough';
    if (next) {
      if (next === cursor) return 'cap';
      cursor = next;
    } else {
      // A cursor of null says that this is the end; no cursor at all only says that this upstream has none.
      if (next === null || cursor !== undefined || items.length < Math.min(limit, surePage)) return 'end';
      // More was asked for than before and no more came: this is all the upstream is willing to show.
      if (items.length <= seen) return 'cap';
      seen = items.length;
    }
  }
  return 'cap';
}

function readPage(context: CallContext, limit: number, cursor: string | undefined): Promise<DraftsPage> {
  const query = new URLSearchParams({ limit: String(limit), ...(cursor === undefined ? {} : { cursor }) });
  return callJson(
    context,
    { kind: 'call', name: 'GET project_y/profile/drafts' },
    {
      method: 'GET',
      url: `${context.target.urls.backend}/project_y/profile/drafts?${query}`,
      headers: appHeaders(context),
    },
    draftsSchema,
  );
}
