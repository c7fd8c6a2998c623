/** What is remembered between two tries of fetching media. */
import type { MediaSource } from '@reelay/contracts/provider';
import type { Database } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { plannedOnce } from '../planned-once.js';

export interface FinishTries {
  tries: number;
  /** Of these, those that showed what will not change. */
  refusals: number;
}

/** Counts a failed try; the numbers so far, or undefined when the generation is not being fetched any more. */
export async function countFinishTry(
  database: Database,
  { generationId, isRefusal }: { generationId: string; isRefusal: boolean },
): Promise<FinishTries | undefined> {
  const [row] = await database.$queryRaw<FinishTries[]>`
    UPDATE generation SET finish_tries = finish_tries + 1, media_refusals = media_refusals + ${isRefusal ? 1 : 0}
    WHERE id = ${generationId} AND stage = 'fetching' RETURNING finish_tries AS tries, media_refusals AS refusals`;
  return row;
}

/** Addresses that replace the ones the upstream no longer accepts. */
export async function storeFreshSources(
  database: Database,
  generationId: string,
  sources: readonly MediaSource[],
): Promise<void> {
  await database.$executeRaw`
    UPDATE generation SET media_sources = ${JSON.stringify(sources)}::jsonb WHERE id = ${generationId} AND stage = 'fetching'`;
}

export async function isBeingFetched(database: Database, generationId: string): Promise<boolean> {
  const [row] = await queryDriver<{ stage: string }>(
    database,
    Prisma.sql`${plannedOnce}
    SELECT stage FROM generation WHERE id = ${generationId}`,
  );
  return row?.stage === 'fetching';
}
