/** What was said to upstreams, already masked and cut; kept for people who look, read by no decision. */
import type { Database } from '../client.js';
import { inTransaction } from '../transaction.js';

export interface UpstreamCall {
  tokenId: string;
  generationId?: string;
  attemptId?: string;
  /** The call of the provider port it was made in. */
  operation: string;
  method: string;
  url: string;
  status?: number;
  durationMs: number;
  request?: string;
  response?: string;
  error?: string;
  createdAt: Date;
}

/**
 * What was said about a generation that was deleted meanwhile, or is gone, is left out. The others are locked against their deletion until
 * this is committed, so that it either finds these rows or is found by them.
 */
export async function insertCalls(database: Database, calls: readonly UpstreamCall[]): Promise<void> {
  const ids = [...new Set(calls.flatMap((call) => call.generationId ?? []))];
  if (ids.length === 0) {
    await database.upstreamCall.createMany({ data: [...calls] });
    return;
  }
  await inTransaction(database, async (tx) => {
    const there = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM generation WHERE id = ANY(${ids}::text[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE`;
    const known = new Set(there.map(({ id }) => id));
    const data = calls.filter(({ generationId }) => generationId === undefined || known.has(generationId));
    await tx.upstreamCall.createMany({ data });
  });
}
