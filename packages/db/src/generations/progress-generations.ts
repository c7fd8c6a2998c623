/** The only way a generation's stage or progress moves before its end: row and event in one statement, so seq has no gaps. */
import type { Stage } from '@reelay/contracts/domain';
import type { GenerationEvent } from '@reelay/contracts/events';
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';

export interface ProgressUpdate {
  generationId: string;
  stage: Stage;
  /** Whole percent; a lower one than the row's is ignored. Omitted leaves it. */
  progress?: number;
  /** A short reason in words when it went back to wait. */
  note?: string;
  /** Only of this assignment. */
  fence?: bigint;
}

export interface PublishedEvent {
  generationId: string;
  event: GenerationEvent;
}

/**
 * Writes those updates that change something, of generations that have not ended; the stage decides the state (`rendering` and
 * `fetching` are `running`). Returns the events to publish after the commit.
 */
export async function progressGenerations(
  database: Queryable,
  updates: readonly ProgressUpdate[],
): Promise<PublishedEvent[]> {
  if (updates.length === 0) return [];
  const wanted = updates.map(({ fence, ...update }) => ({
    ...update,
    ...(fence !== undefined && { fence: `${fence}` }),
  }));
  const rows = await queryDriver<{ generation_id: string; seq: number; data: ProgressData }>(
    database,
    Prisma.sql`
    WITH wanted AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
        AS wanted ("generationId" text, stage text, progress integer, note text, fence bigint)
    ), moved AS (
      UPDATE generation SET
        stage = wanted.stage,
        state = CASE WHEN wanted.stage IN ('rendering', 'fetching') THEN 'running' ELSE 'queued' END,
        started_at = CASE WHEN wanted.stage = 'rendering' THEN coalesce(started_at, now()) ELSE started_at END,
        progress = greatest(generation.progress, wanted.progress),
        seq = seq + 1
      FROM wanted
      WHERE id = wanted."generationId" AND state IN ('queued', 'running')
        AND (generation.stage <> wanted.stage OR wanted.progress > generation.progress OR wanted.note IS NOT NULL)
        AND generation.fence = coalesce(wanted.fence, generation.fence)
        -- Two rounds may overlap: what an older one says must not take the generation back to where it was.
        AND NOT (generation.stage = 'fetching' AND wanted.stage = 'rendering')
        AND NOT (generation.state = 'running' AND wanted.stage NOT IN ('rendering', 'fetching'))
      RETURNING id, seq, generation.stage, generation.progress, wanted.note
    )
    INSERT INTO generation_event (generation_id, seq, type, data)
    SELECT id, seq, 'generation.progressed', jsonb_strip_nulls(jsonb_build_object('stage', stage, 'progress', progress, 'note', note))
    FROM moved
    RETURNING generation_id, seq, data`,
  );
  return rows.map((row) => ({
    generationId: row.generation_id,
    event: { type: 'generation.progressed', seq: row.seq, data: row.data },
  }));
}

type ProgressData = Extract<GenerationEvent, { type: 'generation.progressed' }>['data'];
