import type { Client as Database } from 'pg';
import type { RunFile } from '../../tools/launcher/run-file.mts';
import type { Window } from './window.mts';

/** Generations that were accepted, and that succeeded, in that time. */
export async function countIn(
  database: Database,
  { from, to }: Window,
): Promise<{ accepted: number; finished: number }> {
  const { rows } = await database.query<{ accepted: number; finished: number }>(
    `SELECT count(*) FILTER (WHERE created_at >= $1 AND created_at < $2)::integer AS accepted,
       count(*) FILTER (WHERE state = 'succeeded' AND completed_at >= $1 AND completed_at < $2)::integer AS finished
     FROM generation`,
    [new Date(from), new Date(to)],
  );
  return rows[0] ?? { accepted: 0, finished: 0 };
}

export interface Outcome {
  rows: number;
  succeeded: number;
  /** Rows that have no terminal event, or more than one. */
  notEndedOnce: number;
  usage: number;
  /** What the upstream took, and took twice. */
  submits: number;
  duplicates: number;
}

/** What became of everything that was ever accepted, by the rows and by the simulator's ledger. */
export async function countOutcome(database: Database, { simulatorUrl }: RunFile): Promise<Outcome> {
  const { rows } = await database.query<Omit<Outcome, 'submits' | 'duplicates'>>(
    `WITH one AS (
       SELECT state, (SELECT count(*) FROM generation_event AS event WHERE event.generation_id = generation.id
         AND type IN ('generation.succeeded', 'generation.failed', 'generation.cancelled')) AS ends
       FROM generation
     )
     SELECT count(*)::integer AS rows, count(*) FILTER (WHERE state = 'succeeded')::integer AS succeeded,
       count(*) FILTER (WHERE ends <> 1)::integer AS "notEndedOnce", (SELECT count(*)::integer FROM usage) AS usage
     FROM one`,
  );
  if (!rows[0]) throw new Error('Postgres counted nothing.');
  const response = await fetch(`${simulatorUrl}/_sim/ledger?kind=video`);
  const { accepted, duplicates } = (await response.json()) as { accepted: number; duplicates: unknown[] };
  return { ...rows[0], submits: accepted, duplicates: duplicates.length };
}
