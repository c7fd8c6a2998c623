/** Accounts with their sealed secrets, for export and for comparing what an import brings. Only the token-manager can open them. */
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import type { AccountKey } from '../tokens/find-known-token.js';

export interface StoredSecrets extends AccountKey {
  id: string;
  label: string;
  plan: string | null;
  sora2: boolean | null;
  state: string;
  stateReason: string | null;
  disabledBy: string | null;
  accessTokenSealed: string;
  sessionTokenSealed: string | null;
  refreshTokenSealed: string | null;
  clientId: string | null;
  proxySealed: string | null;
  imageLimit: number;
  videoLimit: number;
  imageEnabled: boolean;
  videoEnabled: boolean;
  weight: number;
  usedByPeople: boolean;
  expiresAt: Date | null;
  isHidden: boolean;
}

const selectSecrets = Prisma.sql`
  SELECT id, provider, target, identity, label, plan, sora2, state, state_reason AS "stateReason",
    disabled_by AS "disabledBy", weight, used_by_people AS "usedByPeople", access_token_sealed AS "accessTokenSealed",
    session_token_sealed AS "sessionTokenSealed", refresh_token_sealed AS "refreshTokenSealed", client_id AS "clientId",
    proxy_sealed AS "proxySealed", image_limit AS "imageLimit", video_limit AS "videoLimit", image_enabled AS "imageEnabled",
    video_enabled AS "videoEnabled", expires_at AS "expiresAt", hidden_at IS NOT NULL AS "isHidden"
  FROM token`;

/** Behind the id `after`, in order of id. */
export async function readAccountsPage(database: Queryable, after: string, limit: number): Promise<StoredSecrets[]> {
  return database.$queryRaw<StoredSecrets[]>`
    ${selectSecrets} WHERE hidden_at IS NULL AND id > ${after} ORDER BY id LIMIT ${limit}`;
}

/** Those in the pool, and where there is none the one that was deleted last: it would be taken up again. */
export async function findAccounts(database: Queryable, accounts: readonly AccountKey[]): Promise<StoredSecrets[]> {
  const column = (name: keyof AccountKey) => accounts.map((account) => account[name]);
  return database.$queryRaw<StoredSecrets[]>`
    SELECT DISTINCT ON (provider, target, identity) * FROM (
      ${selectSecrets} JOIN unnest(${column('provider')}::text[], ${column('target')}::text[], ${column('identity')}::text[])
        AS asked (provider, target, identity) USING (provider, target, identity)
    ) AS found ORDER BY provider, target, identity, "isHidden", id DESC`;
}
