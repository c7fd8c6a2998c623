/** API keys as rows and as people see them. The columns never contain the key, nor its MAC. */
import type { ApiKeyView } from '@reelay/contracts/api-keys';
import { Prisma } from '../generated/prisma/client.js';

type Moment = 'createdAt' | 'expiresAt' | 'revokedAt' | 'lastUsedAt';

export type ApiKeyRow = Omit<ApiKeyView, Moment> &
  Record<Exclude<Moment, 'createdAt'>, Date | null> & { createdAt: Date };

/** By the database's clock, as everywhere a key is asked for. */
export const apiKeyState = Prisma.sql`
  CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'active' END`;

export const apiKeyColumns = Prisma.sql`
  id, name, owner_id AS "ownerId", prefix, ${apiKeyState} AS state, created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt", last_used_at AS "lastUsedAt", allowed_models AS "allowedModels", allowed_kinds AS "allowedKinds",
  requests_per_minute AS "requestsPerMinute", concurrent_limit AS "concurrentLimit", queued_limit AS "queuedLimit",
  daily_quota AS "dailyQuota", monthly_quota AS "monthlyQuota", priority`;

export function toApiKeyView({ createdAt, expiresAt, revokedAt, lastUsedAt, ...row }: ApiKeyRow): ApiKeyView {
  return {
    ...row,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
