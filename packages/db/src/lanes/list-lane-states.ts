/** What the gateway knows of the pool; the token-manager keeps it. */
import type { Queryable } from '../client.js';

export interface LaneState {
  lane: string;
  /** Tokens that could ever serve the lane, and of them those of simulated targets. */
  tokens: number;
  simulated: number;
  /** Of them those that work or could; null where an earlier release wrote the row. */
  serving: number | null;
  freeSlots: number;
  waiting: number;
  /** Why rows wait, in a sentence, and when that changes at the earliest. */
  reason: string | null;
  recoversAt: Date | null;
  /** Mean time between the latest starts; null where nothing has started of late. */
  startEveryMs: number | null;
  updatedAt: Date;
}

export async function listLaneStates(database: Queryable): Promise<LaneState[]> {
  return database.laneState.findMany({ orderBy: { lane: 'asc' } });
}
