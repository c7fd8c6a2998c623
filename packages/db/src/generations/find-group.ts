import type { Queryable } from '../client.js';

/** Ids of an owner's generations that were accepted together, in their order; those that were deleted are missing. */
export async function findGroup(
  database: Queryable,
  { groupId, ownerId }: { groupId: string; ownerId: string },
): Promise<string[]> {
  const members = await database.generation.findMany({
    where: { groupId, ownerId, deletedAt: null },
    orderBy: { id: 'asc' },
    select: { id: true },
  });
  return members.map(({ id }) => id);
}
