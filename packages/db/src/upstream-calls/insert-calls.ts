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

export async function insertCalls(database: Database, calls: readonly UpstreamCall[]): Promise<void> {
  await database.upstreamCall.createMany({ data: [...calls] });
}
