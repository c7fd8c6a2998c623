/** Accounts as people see them: without a secret. */
import { describeTokenLife } from '@reelay/contracts/token-history';
import type { TokenCounts, TokenFilter, TokenList } from '@reelay/contracts/token-list';
import type { TokenView } from '@reelay/contracts/tokens';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { type Matching, matchingTokens, restsBy } from './matching-tokens.js';
import { circumstancesOf, lifeColumns, type TokenLifeRow, toLife } from './token-life-row.js';

export interface ListTokens extends Matching {
  filter: TokenFilter;
  /** The `next` of the page before. */
  after: string | undefined;
  limit: number;
}

/** Newest first; ids grow with time. */
export async function listTokens(
  database: Queryable,
  { filter, after, limit, ...matching }: ListTokens,
): Promise<Pick<TokenList, 'data' | 'next'>> {
  const behind = after === undefined ? Prisma.empty : Prisma.sql`AND token.id < ${after}`;
  const rows = await database.$queryRaw<TokenViewRow[]>`
    SELECT ${tokenViewColumns} FROM token
    WHERE ${matchingTokens(filter, matching)} ${behind} ORDER BY token.id DESC LIMIT ${limit + 1}`;
  const data = rows.slice(0, limit).map(toTokenView);
  return { data, next: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

export async function countMatching(
  database: Queryable,
  { filter, ...matching }: Matching & { filter: TokenFilter },
): Promise<number> {
  const [row] = await database.$queryRaw<{ count: number }[]>`
    SELECT count(*)::integer FROM token WHERE ${matchingTokens(filter, matching)}`;
  return row?.count ?? 0;
}

export async function countTokens(database: Queryable, matching: Matching): Promise<TokenCounts> {
  const count = (condition: Prisma.Sql) => Prisma.sql`(count(*) FILTER (WHERE ${condition}))::integer`;
  const resting = (rest: keyof typeof restsBy, slotKind: 'image' | 'video') =>
    count(Prisma.sql`state = 'active' AND ${restsBy[rest](slotKind, matching)}`);
  const [row] = await database.$queryRaw<CountRow[]>`
    SELECT count(*)::integer AS total, ${count(Prisma.sql`state = 'active'`)} AS active,
      ${count(Prisma.sql`state = 'needs_attention'`)} AS "needsAttention", ${count(Prisma.sql`state = 'disabled'`)} AS disabled,
      ${resting('cooling', 'image')} AS "imageCooling", ${resting('exhausted', 'image')} AS "imageExhausted",
      ${resting('cooling', 'video')} AS "videoCooling", ${resting('exhausted', 'video')} AS "videoExhausted"
    FROM token WHERE hidden_at IS NULL`;
  if (!row) throw new Error('Postgres counted nothing');
  const { imageCooling, imageExhausted, videoCooling, videoExhausted, ...counts } = row;
  return {
    ...counts,
    image: { cooling: imageCooling, exhausted: imageExhausted },
    video: { cooling: videoCooling, exhausted: videoExhausted },
  };
}

type CountRow = Record<
  'total' | 'active' | 'needsAttention' | 'disabled' | `${'image' | 'video'}${'Cooling' | 'Exhausted'}`,
  number
>;

/** Undefined when there is none, or it is deleted. */
export async function findToken(database: Queryable, id: string): Promise<TokenView | undefined> {
  const [row] = await database.$queryRaw<TokenViewRow[]>`
    SELECT ${tokenViewColumns} FROM token WHERE hidden_at IS NULL AND id = ${id}`;
  return row && toTokenView(row);
}

type DateColumn = 'expiresAt' | 'createdAt';
export type TokenViewRow = TokenLifeRow &
  Omit<TokenView, DateColumn | keyof TokenLifeRow | 'image' | 'video' | 'usedSlots'> & {
    expiresAt: Date | null;
    createdAt: Date;
  };

export const tokenViewColumns = Prisma.sql`
  token.id, token.provider, token.target, token.label, token.access_token_hint AS "accessTokenHint", token.plan, token.sora2,
  ${lifeColumns}, token.image_limit AS "imageLimit", token.video_limit AS "videoLimit",
  token.image_used AS "usedImageSlots", token.video_used AS "usedVideoSlots",
  token.image_enabled AS "imageEnabled", token.video_enabled AS "videoEnabled", token.weight,
  token.used_by_people AS "usedByPeople", token.expires_at AS "expiresAt", token.created_at AS "createdAt"`;

export function toTokenView(row: TokenViewRow): TokenView {
  const { id, provider, target, label, accessTokenHint, plan, sora2, remaining } = row;
  const { imageLimit, videoLimit, usedImageSlots, usedVideoSlots, imageEnabled, videoEnabled } = row;
  const { weight, usedByPeople } = row;
  return {
    ...{ id, provider, target, label, accessTokenHint, plan, sora2 },
    ...describeTokenLife(toLife(row), circumstancesOf(row)),
    ...{ remaining, resetsAt: row.resetsAt?.toISOString() ?? null, imageLimit, videoLimit },
    ...{ usedSlots: usedImageSlots + usedVideoSlots, usedImageSlots, usedVideoSlots },
    ...{ imageEnabled, videoEnabled, weight, usedByPeople },
    videoCoolingUntil: row.videoCoolingUntil?.toISOString() ?? null,
    imageCoolingUntil: row.imageCoolingUntil?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  };
}
