/** Accounts as people see them: without a secret. */
import { describeTokenLife } from '@reelay/contracts/token-history';
import type { TokenView } from '@reelay/contracts/tokens';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { circumstancesOf, lifeColumns, type TokenLifeRow, toLife } from './token-life-row.js';

export async function listTokens(database: Queryable): Promise<TokenView[]> {
  const rows = await database.$queryRaw<Row[]>`${selectViews} WHERE hidden_at IS NULL ORDER BY created_at, id`;
  return rows.map(toView);
}

/** Undefined when there is none, or it is deleted. */
export async function findToken(database: Queryable, id: string): Promise<TokenView | undefined> {
  const [row] = await database.$queryRaw<Row[]>`${selectViews} WHERE hidden_at IS NULL AND id = ${id}`;
  return row && toView(row);
}

type Row = TokenLifeRow &
  Omit<TokenView, DateColumn | keyof TokenLifeRow | 'image' | 'video'> & { expiresAt: Date | null; createdAt: Date };
type DateColumn = 'expiresAt' | 'createdAt';

const selectViews = Prisma.sql`
  SELECT id, provider, target, label, access_token_hint AS "accessTokenHint", plan, sora2, ${lifeColumns},
    image_limit AS "imageLimit", video_limit AS "videoLimit",
    (SELECT count(*)::integer FROM token_slot WHERE token_slot.token_id = token.id) AS "usedSlots",
    expires_at AS "expiresAt", created_at AS "createdAt"
  FROM token`;

function toView(row: Row): TokenView {
  const { id, provider, target, label, accessTokenHint, plan, sora2, remaining } = row;
  const { imageLimit, videoLimit, usedSlots } = row;
  return {
    ...{ id, provider, target, label, accessTokenHint, plan, sora2 },
    ...describeTokenLife(toLife(row), circumstancesOf(row)),
    ...{ remaining, imageLimit, videoLimit, usedSlots },
    videoCoolingUntil: row.videoCoolingUntil?.toISOString() ?? null,
    imageCoolingUntil: row.imageCoolingUntil?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  };
}
