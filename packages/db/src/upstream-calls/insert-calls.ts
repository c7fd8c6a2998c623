/** What was said to upstreams, already masked and cut; kept for people who look, read by no decision. */
import type { Database } from '../client.js';

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

/** What was said about a generation that has been deleted meanwhile is left out. */
export async function insertCalls(database: Database, calls: readonly UpstreamCall[]): Promise<void> {
  const ids = [...new Set(calls.flatMap((call) => call.generationId ?? []))];
  const where = { id: { in: ids }, deletedAt: { not: null } };
  const deleted = ids.length === 0 ? [] : await database.generation.findMany({ where, select: { id: true } });
  const left = new Set(deleted.map(({ id }) => id));
  const data = calls.filter(({ generationId }) => generationId === undefined || !left.has(generationId));
  await database.upstreamCall.createMany({ data });
}
