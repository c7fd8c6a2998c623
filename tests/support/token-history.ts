/** What becomes of an account while something is going on, looked at often enough to see it rest. */
import { Client } from 'pg';
import type { Stack } from './stack.js';

export interface TokenHistory {
  /** Every state it was seen in. */
  states: string[];
  /** Whether it was seen taking no work for a while. */
  rested: boolean;
  /** How many versions of its credential were seen. */
  versions: number;
}

const everyMs = 50;

export function watchToken(stack: Stack, tokenId: string): { end(): Promise<TokenHistory> } {
  const states = new Set<string>();
  const versions = new Set<number>();
  let rested = false;
  let isOver = false;
  const watching = (async () => {
    const client = new Client({ connectionString: stack.run.databaseUrl });
    await client.connect();
    try {
      while (!isOver) {
        const { rows } = await client.query<{ state: string; version: number; rests: boolean }>(
          `SELECT state, credential_version AS version,
             coalesce(video_cooling_until > now(), false) OR coalesce(image_cooling_until > now(), false) AS rests
           FROM token WHERE id = $1`,
          [tokenId],
        );
        for (const row of rows) {
          states.add(row.state);
          versions.add(row.version);
          rested ||= row.rests;
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    } finally {
      await client.end();
    }
  })();
  return {
    async end() {
      isOver = true;
      await watching;
      return { states: [...states], rested, versions: versions.size };
    },
  };
}
