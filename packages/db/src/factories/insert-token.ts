/** Rows for tests: an upstream account with nothing in it but what a test names. */
import { randomUUID } from 'node:crypto';
import type { Database } from '../client.js';

export interface TokenRow {
  target?: string;
  plan?: string;
  imageLimit?: number;
  videoLimit?: number;
  proxySealed?: string;
  remaining?: number;
  usedByPeople?: boolean;
}

/** Returns its id. */
export async function insertToken(database: Database, row: TokenRow = {}): Promise<string> {
  const id = `token-${randomUUID()}`;
  await database.token.create({
    data: {
      id,
      provider: 'sora',
      target: row.target ?? 'simulator',
      identity: id,
      label: id,
      plan: row.plan ?? 'plus',
      accessTokenSealed: 'sealed',
      accessTokenHint: 'hint',
      imageLimit: row.imageLimit ?? 1,
      videoLimit: row.videoLimit ?? 3,
      proxySealed: row.proxySealed ?? null,
      remaining: row.remaining ?? null,
      usedByPeople: row.usedByPeople ?? false,
    },
  });
  return id;
}
