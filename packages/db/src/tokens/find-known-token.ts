/** The row of an upstream account: the one in use, else the one that was deleted last and is taken up again. */
import type { Queryable } from '../client.js';

export interface AccountKey {
  provider: string;
  target: string;
  identity: string;
}

export interface KnownToken {
  id: string;
  isHidden: boolean;
}

export async function findKnownToken(database: Queryable, account: AccountKey): Promise<KnownToken | undefined> {
  const [known] = await database.$queryRaw<KnownToken[]>`
    SELECT id, hidden_at IS NOT NULL AS "isHidden" FROM token
    WHERE provider = ${account.provider} AND target = ${account.target} AND identity = ${account.identity}
    ORDER BY hidden_at IS NULL DESC, created_at DESC LIMIT 1`;
  return known;
}
