/** The quick way of an import: many accounts that nobody knows yet, in one statement. */

import { defaultSettings } from '@reelay/contracts/settings';
import { describeTokenLife } from '@reelay/contracts/token-history';
import { newLife } from '@reelay/contracts/token-life';
import type { Queryable } from '../client.js';
import type { AccountKey } from '../tokens/find-known-token.js';

export interface NewAccount extends AccountKey {
  id: string;
  label: string;
  accessTokenSealed: string;
  accessTokenHint: string;
  expiresAt: Date | null;
  sessionTokenSealed: string | null;
  refreshTokenSealed: string | null;
  clientId: string | null;
  proxySealed: string | null;
  imageLimit: number | null;
  videoLimit: number | null;
  imageEnabled: boolean | null;
  videoEnabled: boolean | null;
  plan: string | null;
  sora2: boolean | null;
}

/** The ids of those that were added; the others were there already, or came in meanwhile. */
export async function insertAccounts(database: Queryable, accounts: readonly NewAccount[]): Promise<Set<string>> {
  const column = <Name extends keyof NewAccount>(name: Name) => accounts.map((account) => account[name]);
  const newborn = JSON.stringify(describeTokenLife(newLife, { now: 0, settings: defaultSettings }));
  const rows = await database.$queryRaw<{ id: string }[]>`
    WITH added AS (INSERT INTO token (
      id, provider, target, identity, label, access_token_sealed, access_token_hint, expires_at, session_token_sealed,
      refresh_token_sealed, client_id, proxy_sealed, image_limit, video_limit, image_enabled, video_enabled, plan, sora2)
    SELECT id, provider, target, identity, label, access_sealed, hint, expires_at, session_sealed, refresh_sealed, client_id, proxy_sealed,
      coalesce(image_limit, 1), coalesce(video_limit, 3), coalesce(image_enabled, true), coalesce(video_enabled, true), plan, sora2
    FROM unnest(
      ${column('id')}::text[], ${column('provider')}::text[], ${column('target')}::text[], ${column('identity')}::text[],
      ${column('label')}::text[], ${column('accessTokenSealed')}::text[], ${column('accessTokenHint')}::text[],
      ${column('expiresAt')}::timestamptz[], ${column('sessionTokenSealed')}::text[], ${column('refreshTokenSealed')}::text[],
      ${column('clientId')}::text[], ${column('proxySealed')}::text[], ${column('imageLimit')}::integer[],
      ${column('videoLimit')}::integer[], ${column('imageEnabled')}::boolean[], ${column('videoEnabled')}::boolean[],
      ${column('plan')}::text[], ${column('sora2')}::boolean[])
      AS account (id, provider, target, identity, label, access_sealed, hint, expires_at, session_sealed, refresh_sealed, client_id,
        proxy_sealed, image_limit, video_limit, image_enabled, video_enabled, plan, sora2)
    ON CONFLICT (provider, target, identity) WHERE hidden_at IS NULL DO NOTHING
    RETURNING id),
    noted AS (
      INSERT INTO token_event (token_id, at, type, data, before, after)
      SELECT id, clock_timestamp(), 'added', '{"wasDeleted": false}', life, life FROM added, (SELECT ${newborn}::jsonb AS life) AS newborn)
    SELECT id FROM added`;
  return new Set(rows.map(({ id }) => id));
}
