/** Making, changing and deleting of keys by an operator. */
import type { ApiKeyView, ChangeApiKey } from '@reelay/contracts/api-keys';
import type { Database, Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { ensureOwner } from '../owners/ensure-owner.js';
import { inTransaction, isUniqueViolation } from '../transaction.js';
import { type ApiKeyRow, apiKeyColumns, toApiKeyView } from './api-key-view.js';
import type { ConfiguredApiKey } from './ensure-api-key.js';

/** Undefined when the secret belongs to a key that exists: two keys never share one. */
export async function insertApiKey(
  database: Database,
  key: ConfiguredApiKey,
  fields: Omit<ChangeApiKey, 'name' | 'revoked'>,
): Promise<ApiKeyView | undefined> {
  try {
    return await inTransaction(database, async (tx) => {
      await ensureOwner(tx, { id: key.ownerId, name: key.ownerId });
      await tx.apiKey.create({
        data: {
          ...{ id: key.id, ownerId: key.ownerId, name: key.name, prefix: key.prefix },
          mac: Buffer.from(key.macHex, 'hex'),
        },
      });
      return changeApiKey(tx, key.id, fields);
    });
  } catch (error) {
    if (isUniqueViolation(error)) return undefined;
    throw error;
  }
}

/** Undefined when there is none, or it is deleted. */
export async function changeApiKey(
  database: Queryable,
  id: string,
  { revoked, ...fields }: ChangeApiKey,
): Promise<ApiKeyView | undefined> {
  const changes = Object.entries(fields).flatMap(([field, value]) => {
    const column = columns[field as keyof typeof fields];
    return value === undefined
      ? []
      : [Prisma.sql`${Prisma.raw(column.name)} = ${toColumn(value)}::${Prisma.raw(column.type)}`];
  });
  // The moment of the first time stays.
  if (revoked === true) changes.push(Prisma.sql`revoked_at = coalesce(revoked_at, now())`);
  if (revoked === false) changes.push(Prisma.sql`revoked_at = NULL`);
  const hasNewQuota = fields.dailyQuota !== undefined || fields.monthlyQuota !== undefined;
  const [row] = await database.$queryRaw<ApiKeyRow[]>`
    -- Kept only while there was a quota: the next accept counts again. Locked in the order in which accepts lock them.
    WITH held AS MATERIALIZED (
      SELECT kind, period, begins_at FROM key_quota WHERE ${hasNewQuota} AND api_key_id = ${id}
      ORDER BY kind, period, begins_at FOR UPDATE
    ), forgotten AS (
      DELETE FROM key_quota USING held
      WHERE api_key_id = ${id} AND key_quota.kind = held.kind AND key_quota.period = held.period AND key_quota.begins_at = held.begins_at
    )
    UPDATE api_key SET ${Prisma.join([Prisma.sql`id = id`, ...changes])}
    WHERE id = ${id} AND deleted_at IS NULL RETURNING ${apiKeyColumns}`;
  return row && toApiKeyView(row);
}

/** False when there is none. What made its MAC is forgotten, so that the same text may be brought in again as another key. */
export async function deleteApiKey(database: Queryable, id: string): Promise<boolean> {
  const deleted = await database.$executeRaw`
    UPDATE api_key SET deleted_at = now(), revoked_at = coalesce(revoked_at, now()), mac = sha256(convert_to('deleted ' || id, 'UTF8'))
    WHERE id = ${id} AND deleted_at IS NULL`;
  return deleted === 1;
}

type Field = Exclude<keyof ChangeApiKey, 'revoked'>;

const columns: Record<Field, { name: string; type: string }> = {
  name: { name: 'name', type: 'text' },
  expiresAt: { name: 'expires_at', type: 'timestamptz' },
  allowedModels: { name: 'allowed_models', type: 'jsonb' },
  allowedKinds: { name: 'allowed_kinds', type: 'jsonb' },
  requestsPerMinute: { name: 'requests_per_minute', type: 'integer' },
  concurrentLimit: { name: 'concurrent_limit', type: 'integer' },
  queuedLimit: { name: 'queued_limit', type: 'integer' },
  dailyQuota: { name: 'daily_quota', type: 'jsonb' },
  monthlyQuota: { name: 'monthly_quota', type: 'jsonb' },
  priority: { name: 'priority', type: 'integer' },
};

function toColumn(value: ChangeApiKey[Field]): string | number | null {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? null);
}
