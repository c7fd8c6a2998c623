/** What becomes of an account while something is going on, by its own history: nothing of it can be missed, however short it was. */
import type { TokenState } from '@reelay/contracts/token-history';
import type { Stack } from './stack.js';

export interface TokenHistory {
  /** Every state it was in. */
  states: string[];
  /** Whether it took no work for a while. */
  rested: boolean;
  /** How many versions of its credential there were. */
  versions: number;
}

interface Begin {
  event: string;
  version: number;
}

export async function watchToken(stack: Stack, tokenId: string): Promise<{ end(): Promise<TokenHistory> }> {
  const look = async () => {
    const [now] = await stack.sql<Begin>(
      `SELECT coalesce((SELECT max(id) FROM token_event WHERE token_id = token.id), 0)::text AS event, credential_version AS version
       FROM token WHERE id = $1`,
      [tokenId],
    );
    if (!now) throw new Error(`There is no token ${tokenId}.`);
    return now;
  };
  const begin = await look();
  return {
    async end() {
      const events = await stack.sql<{ after: TokenState }>(
        'SELECT after FROM token_event WHERE token_id = $1 AND id > $2 ORDER BY id',
        [tokenId, begin.event],
      );
      return {
        states: events.map(({ after }) => after.state),
        rested: events.some(({ after }) => [after.image.state, after.video.state].some((state) => state !== 'ready')),
        versions: (await look()).version - begin.version + 1,
      };
    },
  };
}
