/**
 * An owner's generations page by page, in the order of the index `generation_owner`, or `generation_videos` and `generation_other_kinds`
 * where one kind is asked for. Deleted ones never appear.
 */
import type { GenerationKind } from '@reelay/contracts/domain';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { type Generation, type GenerationColumns, generationColumns, toGeneration } from './find-generation.js';

export interface ListGenerations {
  ownerId: string;
  kind?: GenerationKind | undefined;
  /** The ULID of the last one that the client has. */
  after?: string | undefined;
  /** 0 asks only whether there are any. */
  limit: number;
  order: 'asc' | 'desc';
}

export interface GenerationPage {
  data: Generation[];
  hasMore: boolean;
}

/** Written out: for a parameter no plan may use an index of one kind. */
const onlyKind: Record<GenerationKind, Prisma.Sql> = {
  video: Prisma.sql`AND kind = 'video'`,
  image: Prisma.sql`AND kind = 'image'`,
  character: Prisma.sql`AND kind = 'character'`,
  enhance: Prisma.sql`AND kind = 'enhance'`,
};

/**
 * Undefined where `after` names nothing of this owner. One that was deleted still holds its place for as long as its bare row stays, so
 * that whoever deletes what it reads can go on to the next page.
 */
export async function listGenerations(
  database: Queryable,
  { ownerId, kind, after, limit, order }: ListGenerations,
): Promise<GenerationPage | undefined> {
  if (
    after !== undefined &&
    !(await database.generation.findFirst({ where: { id: after, ownerId }, select: { id: true } }))
  )
    return undefined;
  const isDescending = order === 'desc';
  // Read from its row: a time in JavaScript has no microseconds.
  const place = Prisma.sql`((SELECT created_at FROM generation WHERE id = ${after ?? null}), ${after ?? null})`;
  const rows = await database.$queryRaw<GenerationColumns[]>`
    SELECT ${generationColumns}
    FROM generation
    WHERE owner_id = ${ownerId} AND deleted_at IS NULL
      ${kind === undefined ? Prisma.empty : onlyKind[kind]}
      ${after === undefined ? Prisma.empty : Prisma.sql`AND (created_at, id) ${isDescending ? Prisma.sql`<` : Prisma.sql`>`} ${place}`}
    ORDER BY ${isDescending ? Prisma.sql`created_at DESC, id DESC` : Prisma.sql`created_at, id`} LIMIT ${limit + 1}`;
  return { data: rows.slice(0, limit).map(toGeneration), hasMore: rows.length > limit };
}
