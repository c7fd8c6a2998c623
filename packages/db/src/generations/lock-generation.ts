/** First lock of every transaction that touches an attempt: the order is generation → attempt → slot → token → usage. */
import type { GenerationState } from '@reelay/contracts/domain';
import type { Transaction } from '../client.js';

export interface LockedGeneration {
  id: string;
  state: GenerationState;
  fence: bigint;
  refusals: number;
  isOverdue: boolean;
}

/** Undefined when there is no such generation. */
export async function lockGeneration(tx: Transaction, generationId: string): Promise<LockedGeneration | undefined> {
  const locked = await lockGenerations(tx, [generationId]);
  return locked.get(generationId);
}

/** Several at once, always in the order of their ids, so that two rounds over the same rows cannot block each other. */
export async function lockGenerations(
  tx: Transaction,
  generationIds: readonly string[],
): Promise<Map<string, LockedGeneration>> {
  const rows = await tx.$queryRaw<LockedGeneration[]>`
    SELECT id, state, fence, refusals, deadline_at <= now() AS "isOverdue"
    FROM generation WHERE id = ANY(${[...generationIds]}::text[]) ORDER BY id FOR UPDATE`;
  return new Map(rows.map((row) => [row.id, row]));
}

/** The same for whoever asks by an id that a client gave: undefined also for what is somebody else's or was deleted. */
export async function lockOwnGeneration(
  tx: Transaction,
  { id, ownerId }: { id: string; ownerId: string },
): Promise<Pick<LockedGeneration, 'id' | 'state'> | undefined> {
  const [row] = await tx.$queryRaw<Pick<LockedGeneration, 'id' | 'state'>[]>`
    SELECT id, state FROM generation WHERE id = ${id} AND owner_id = ${ownerId} AND deleted_at IS NULL FOR UPDATE`;
  return row;
}
