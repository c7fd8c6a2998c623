/** How many generations are in each state, for status pages. */
import { type GenerationState, generationStates } from '@reelay/contracts/domain';
import type { Queryable } from '../client.js';

export async function countGenerations(database: Queryable): Promise<Record<GenerationState, number>> {
  const groups = await database.generation.groupBy({ by: ['state'], where: { deletedAt: null }, _count: true });
  const counts = new Map<string, number>(groups.map((group) => [group.state, group._count]));
  return Object.fromEntries(generationStates.map((state) => [state, counts.get(state) ?? 0])) as Record<
    GenerationState,
    number
  >;
}
