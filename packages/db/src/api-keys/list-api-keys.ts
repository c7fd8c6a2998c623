import type { ApiKeyList, ApiKeyListQuery, ApiKeyView } from '@reelay/contracts/api-keys';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { type ApiKeyRow, apiKeyColumns, apiKeyState, toApiKeyView } from './api-key-view.js';

/** Newest first. The configured key's id is no ULID, so time goes before id. */
export async function listApiKeys(
  database: Queryable,
  { ownerId, state, after, limit }: ApiKeyListQuery,
): Promise<ApiKeyList> {
  const rows = await database.$queryRaw<ApiKeyRow[]>`
    SELECT ${apiKeyColumns} FROM api_key
    WHERE deleted_at IS NULL
      ${ownerId === undefined ? Prisma.empty : Prisma.sql`AND owner_id = ${ownerId}`}
      ${state === undefined ? Prisma.empty : Prisma.sql`AND ${apiKeyState} = ${state}`}
      -- Also behind one that was deleted meanwhile: its row stays.
      ${after === undefined ? Prisma.empty : Prisma.sql`AND (created_at, id) < (SELECT created_at, id FROM api_key WHERE id = ${after})`}
    ORDER BY api_key.created_at DESC, api_key.id DESC LIMIT ${limit + 1}`;
  const data = rows.slice(0, limit).map(toApiKeyView);
  return { data, next: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** Undefined when there is none, or it is deleted. */
export async function findApiKeyView(database: Queryable, id: string): Promise<ApiKeyView | undefined> {
  const [row] = await database.$queryRaw<ApiKeyRow[]>`
    SELECT ${apiKeyColumns} FROM api_key WHERE id = ${id} AND deleted_at IS NULL`;
  return row && toApiKeyView(row);
}
