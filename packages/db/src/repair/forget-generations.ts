/** Generations that are older than records are kept go as if their owners had deleted them. */
import type { Database } from '../client.js';
import { deleteGeneration } from '../generations/delete-generation.js';

export interface ForgetGenerations {
  /** After their end. */
  olderThanDays: number;
  limit: number;
}

/**
 * How many there were; throws the first reason when all have been tried, so that one that cannot be changed just now keeps nobody else
 * waiting. Their files are left to the sweep of loose files. Characters stay: prompts yet to come name them, however old they are.
 */
export async function forgetGenerations(
  database: Database,
  { olderThanDays, limit }: ForgetGenerations,
): Promise<number> {
  const due = await database.$queryRaw<{ id: string; ownerId: string }[]>`
    SELECT id, owner_id AS "ownerId" FROM generation
    WHERE completed_at < now() - ${olderThanDays} * interval '1 day' AND deleted_at IS NULL AND kind <> 'character'
    ORDER BY completed_at LIMIT ${limit}`;
  const failures: unknown[] = [];
  for (const own of due) await deleteGeneration(database, own).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
  return due.length;
}
