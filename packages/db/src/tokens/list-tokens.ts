/** Accounts as people see them: without a secret. */
import type { TokenView } from '@reelay/contracts/tokens';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export async function listTokens(database: Queryable): Promise<TokenView[]> {
  const rows = await database.$queryRaw<Row[]>`${selectViews} WHERE hidden_at IS NULL ORDER BY created_at, id`;
  return rows.map(toView);
}

/** Undefined when there is none, or it is deleted. */
export async function findToken(database: Queryable, id: string): Promise<TokenView | undefined> {
  const [row] = await database.$queryRaw<Row[]>`${selectViews} WHERE hidden_at IS NULL AND id = ${id}`;
  return row && toView(row);
}

type DateColumn = 'videoCoolingUntil' | 'imageCoolingUntil' | 'expiresAt' | 'createdAt';
type Row = Omit<TokenView, DateColumn> & Record<Exclude<DateColumn, 'createdAt'>, Date | null> & { createdAt: Date };

const selectViews = Prisma.sql`
  SELECT id, provider, target, label, access_token_hint AS "accessTokenHint", plan, sora2, state, state_reason AS "stateReason",
    remaining, image_limit AS "imageLimit", video_limit AS "videoLimit",
    (SELECT count(*)::integer FROM token_slot WHERE token_slot.token_id = token.id) AS "usedSlots",
    video_cooling_until AS "videoCoolingUntil", image_cooling_until AS "imageCoolingUntil", expires_at AS "expiresAt",
    created_at AS "createdAt"
  FROM token`;

function toView(row: Row): TokenView {
  return {
    ...row,
    videoCoolingUntil: row.videoCoolingUntil?.toISOString() ?? null,
    imageCoolingUntil: row.imageCoolingUntil?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  };
}
