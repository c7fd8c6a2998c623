/** Which proxy an account's calls go through: its own, else that of the installation. Sealed, with the place where it opens. */
import type { ProxyPlace } from '@reelay/contracts/proxies';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

/** Both null: the calls go directly. */
export interface SealedProxy {
  proxySealed: string | null;
  proxyPlace: ProxyPlace | null;
}

/** Of the row of `token` at hand, as it is now. */
export const proxyOfToken = {
  sealed: Prisma.sql`coalesce(token.proxy_sealed, (SELECT value_sealed FROM sealed_setting WHERE key = 'proxy.default'))`,
  place: Prisma.sql`
    CASE WHEN token.proxy_sealed IS NOT NULL THEN 'token'
      ELSE (SELECT key FROM sealed_setting WHERE key = 'proxy.default') END`,
};

/** For calls about an account that may not have a row yet. */
export async function findProxy(database: Queryable, tokenId: string | undefined): Promise<SealedProxy> {
  const [found] = await database.$queryRaw<SealedProxy[]>`
    SELECT ${proxyOfToken.sealed} AS "proxySealed", ${proxyOfToken.place} AS "proxyPlace"
    FROM (SELECT) AS nothing LEFT JOIN token ON token.id = ${tokenId}::text`;
  return found ?? { proxySealed: null, proxyPlace: null };
}
