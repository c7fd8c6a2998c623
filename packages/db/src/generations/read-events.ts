/** What a watcher reads: the events after its cursor, and how far each watched generation has come. */
import type { Queryable } from '../client.js';

/** Where a watcher stands. */
export interface EventCursor {
  generationId: string;
  /** Of the last event it has. */
  seq: number;
}

/** An event as it is stored; whoever reads it looks whether it knows its type. */
export interface EventRow {
  seq: number;
  type: string;
  data: unknown;
}

/** For each cursor its rows, in order of seq and without gaps. Events are few: progress is written at most once a second. */
export async function readEventsAfter(database: Queryable, cursors: readonly EventCursor[]): Promise<EventRow[][]> {
  const generationIds = cursors.map(({ generationId }) => generationId);
  const seqs = cursors.map(({ seq }) => seq);
  const rows = await database.$queryRaw<(EventRow & { no: number })[]>`
    SELECT no::integer, event.seq, type, data
    FROM unnest(${generationIds}::text[], ${seqs}::integer[]) WITH ORDINALITY AS cursor (generation_id, seq, no)
      JOIN generation_event AS event ON event.generation_id = cursor.generation_id AND event.seq > cursor.seq
    ORDER BY no, event.seq`;
  const found: EventRow[][] = cursors.map(() => []);
  for (const { no, ...row } of rows) found[no - 1]?.push(row);
  return found;
}

/** The last seq of each generation that exists; of deleted ones only the news that they were cancelled is left to be told. */
export async function readSeqs(database: Queryable, generationIds: readonly string[]): Promise<Map<string, number>> {
  if (generationIds.length === 0) return new Map();
  const rows = await database.$queryRaw<{ id: string; seq: number }[]>`
    SELECT id, seq FROM generation
    WHERE id = ANY(${[...generationIds]}::text[]) AND (deleted_at IS NULL OR state = 'cancelled')`;
  return new Map(rows.map((row) => [row.id, row.seq]));
}
