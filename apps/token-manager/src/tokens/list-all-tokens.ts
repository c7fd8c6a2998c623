/** The list of accounts, page by page, and how many of them there are. */
import type { TokenCounts, TokenList, TokenListQuery } from '@reelay/contracts/token-list';
import { countMatching, countTokens, listTokens } from '@reelay/db/tokens/list-tokens';
import type { TokenManagerParts } from '../token-manager-parts.js';

type Parts = Pick<TokenManagerParts, 'database' | 'settings'>;

export async function listAllTokens(parts: Parts, query: TokenListQuery): Promise<TokenList> {
  const { after, limit, total: isCounted, ...filter } = query;
  const chosen = { filter, ...(await readMatching(parts)) };
  const [page, total] = await Promise.all([
    listTokens(parts.database, { ...chosen, after, limit }),
    isCounted ? countMatching(parts.database, chosen) : undefined,
  ]);
  return { ...page, ...(total === undefined ? {} : { total }) };
}

export async function countAllTokens(parts: Parts): Promise<TokenCounts> {
  return countTokens(parts.database, await readMatching(parts));
}

/** What a filter is read by. */
export async function readMatching({ settings }: Pick<Parts, 'settings'>): Promise<{ quotaMargin: number }> {
  return { quotaMargin: (await settings.read())['token.quotaMargin'] };
}
