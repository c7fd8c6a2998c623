/** Rows that are only kept for a while, deleted in portions so that no statement runs long. `docs/retention.md` says it of every table. */
import type { Settings } from '@reelay/contracts/settings';
import { defaultSettings } from '@reelay/contracts/settings';
import type { Database } from '../client.js';

export type KeptDays = Pick<Settings, 'call.keepDays' | 'usage.keepDays' | 'statistics.keepDays'>;

/** Of what nobody needs once it is done, but for looking into what happened lately. */
const keptDays = 7;
const portion = 5_000;

export interface DeleteExpired {
  /** Of each table. */
  mostPortions: number;
  signal?: AbortSignal;
}

/**
 * True when there is more to delete. Every table has its turn, also after one that cannot be deleted from just now; the first such reason is
 * thrown in the end.
 */
export async function deleteExpired(
  database: Database,
  kept: KeptDays = defaultSettings,
  { mostPortions, signal }: DeleteExpired = { mostPortions: 1 },
): Promise<boolean> {
  const failures: unknown[] = [];
  let hasMore = false;
  for (const remove of [deleteCalls, deleteKeys, deleteSteps, deleteLeftovers, deleteStatistics, deleteUsage]) {
    let isFull = true;
    for (let done = 0; isFull && done < mostPortions && !signal?.aborted; done += 1) {
      try {
        isFull = (await remove(database, kept)).some((count) => count === portion);
      } catch (error) {
        failures.push(error);
        break;
      }
    }
    hasMore ||= isFull;
  }
  if (failures.length > 0) throw failures[0];
  return hasMore;
}

async function deleteCalls(database: Database, { 'call.keepDays': days }: KeptDays): Promise<number[]> {
  const calls = await database.$executeRaw`
    DELETE FROM upstream_call WHERE id IN (
      SELECT id FROM upstream_call WHERE created_at < now() - ${days} * interval '1 day' ORDER BY created_at LIMIT ${portion})`;
  return [calls];
}

async function deleteKeys(database: Database): Promise<number[]> {
  const keys = await database.$executeRaw`
    DELETE FROM idempotency WHERE (owner_id, key) IN (
      SELECT owner_id, key FROM idempotency WHERE expires_at < now() LIMIT ${portion})`;
  return [keys];
}

/**
 * The end of a generation stays as long as its row, as its last event; the steps on the way are nobody's concern any more. None is younger
 * than that end, so by their own age (of which there is an index) nothing is read but what is to go.
 */
async function deleteSteps(database: Database): Promise<number[]> {
  const events = await database.$executeRaw`
    DELETE FROM generation_event WHERE (generation_id, seq) IN (
      SELECT generation_id, event.seq FROM generation_event AS event JOIN generation ON generation.id = generation_id
      WHERE event.type = 'generation.progressed' AND event.created_at < now() - ${keptDays} * interval '1 day'
        AND completed_at < now() - ${keptDays} * interval '1 day' LIMIT ${portion})`;
  return [events];
}

/** What was left upstream and has been removed there; what was never to be removed tells our tasks from strangers', and stays. */
async function deleteLeftovers(database: Database): Promise<number[]> {
  const litter = await database.$executeRaw`
    DELETE FROM upstream_litter WHERE id IN (
      SELECT id FROM upstream_litter WHERE done_at < now() - ${keptDays} * interval '1 day' LIMIT ${portion})`;
  const exclusions = await database.$executeRaw`
    DELETE FROM generation_exclusion WHERE (generation_id, token_id) IN (
      SELECT generation_id, token_id FROM generation_exclusion WHERE until < now() - interval '1 day' LIMIT ${portion})`;
  return [litter, exclusions];
}

async function deleteStatistics(database: Database, { 'statistics.keepDays': days }: KeptDays): Promise<number[]> {
  if (days === 0) return [];
  const sums = await database.$executeRaw`
    DELETE FROM statistics_day WHERE (subject, kind, day) IN (
      SELECT subject, kind, day FROM statistics_day WHERE day < current_date - ${days}::integer LIMIT ${portion})`;
  const errors = await database.$executeRaw`
    DELETE FROM statistics_error WHERE (subject, kind, day, source, code) IN (
      SELECT subject, kind, day, source, code FROM statistics_error
      WHERE day < current_date - ${days}::integer LIMIT ${portion})`;
  return [sums, errors];
}

/** Ids grow with time, so the first are the oldest; there is no index by age. */
async function deleteUsage(database: Database, { 'usage.keepDays': days }: KeptDays): Promise<number[]> {
  if (days === 0) return [];
  const booked = await database.$executeRaw`
    DELETE FROM usage
    WHERE generation_id IN (SELECT generation_id FROM usage ORDER BY generation_id LIMIT ${portion})
      AND created_at < now() - ${days} * interval '1 day' AND state <> 'reserved'`;
  return [booked];
}
