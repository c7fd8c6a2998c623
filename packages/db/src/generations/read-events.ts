/** What a watcher reads: the events after its cursor, and how far each watched generation has come. */
import { type GenerationEvent, generationEventSchema } from '@reelay/contracts/events';
import type { Queryable } from '../client.js';

/** In order of seq, without gaps. Events are few: progress is written at most once a second. */
export async function readEventsAfter(
  database: Queryable,
  generationId: string,
  seq: number,
): Promise<GenerationEvent[]> {
  const rows = await database.generationEvent.findMany({
    where: { generationId, seq: { gt: seq } },
    orderBy: { seq: 'asc' },
    select: { seq: true, type: true, data: true },
  });
  return rows.map((row) => generationEventSchema.parse(row));
}

/** The last seq of each generation that exists; of deleted ones only the news that they were cancelled is left to be told. */
export async function readSeqs(database: Queryable, generationIds: readonly string[]): Promise<Map<string, number>> {
  if (generationIds.length === 0) return new Map();
  const rows = await database.$queryRaw<{ id: string; seq: number }[]>`
    SELECT id, seq FROM generation
    WHERE id = ANY(${[...generationIds]}::text[]) AND (deleted_at IS NULL OR state = 'cancelled')`;
  return new Map(rows.map((row) => [row.id, row.seq]));
}
