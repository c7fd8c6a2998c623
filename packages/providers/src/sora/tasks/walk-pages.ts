/** A list of the upstream that is newest first and shown in pages. */
export interface PagedList<Item> {
  /** Items asked of a page. */
  readonly pageSize: number;
  /** Pages followed at most by cursor. */
  readonly pages: number;
  /** Items asked for at most in one call, where there is no cursor and the page has to grow instead. */
  readonly mostItems: number;
  /** A page shorter than this, where the upstream sends no cursor, is the last: its own client asks for so many and gets them. */
  readonly sureItems: number;
  read(limit: number, cursor: string | undefined): Promise<Page<Item>>;
}

export interface Page<Item> {
  items: Item[];
  /** Null says that this is the end; none at all only says that this upstream has no cursors. */
  cursor?: string | null;
}

/** `end`: the whole list was seen. `cap`: there may be more, but this is as far as it goes. */
export type WalkEnd = 'enough' | 'end' | 'cap';

/**
 * Page by page until the visitor has seen enough. Pages follow the answer's cursor; where there is none, twice as many items are asked
 * for, so a visitor sees items again. @throws UpstreamError
 */
export async function walkPages<Item>(list: PagedList<Item>, visit: (items: Item[]) => boolean): Promise<WalkEnd> {
  let limit = Math.min(list.pageSize, list.mostItems);
  let cursor: string | undefined;
  let seen = 0;
  for (let page = 1; page <= list.pages; page += 1) {
    const { items, cursor: next } = await list.read(limit, cursor);
    if (visit(items)) return 'enough';
    if (next) {
      if (next === cursor) return 'cap';
      cursor = next;
      limit = list.pageSize;
    } else {
      if (next === null || cursor !== undefined || items.length < Math.min(limit, list.sureItems)) return 'end';
      // More was asked for than before and no more came: this is all the upstream is willing to show.
      if (items.length <= seen || limit >= list.mostItems) return 'cap';
      seen = items.length;
      limit = Math.min(limit * 2, list.mostItems);
    }
  }
  return 'cap';
}
