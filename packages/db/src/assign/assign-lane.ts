/** Gives a lane's next waiting rows to its free slots, in batches, until nothing more fits. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Lane } from '@reelay/contracts/lane';
import { laneKey } from '@reelay/contracts/lane';
import type { Database } from '../client.js';
import { isUniqueViolation } from '../transaction.js';
import { findFreeSlots } from './find-free-slots.js';
import { findNextRows, type NextRow } from './find-next-rows.js';
import { matchSlots } from './match-slots.js';
import { type Assignment, type TakeSlots, takeSlots } from './take-slots.js';
import type { KnownTargets } from './token-filter.js';

export interface AssignLane {
  lane: Lane;
  slotKind: SlotKind;
  targets: KnownTargets;
  takesTurn: boolean;
  unlimitedSlots: number;
  /** Slots taken by one statement at most. */
  batchSize: number;
  newId: () => string;
  /** See `FindNextRows.turns`; read anew for every batch, because the one before changed them. */
  turns: () => readonly { key: string; turn: number }[];
  /** Told after every batch that reached the database. */
  onAssigned: (assignments: readonly Assignment[], rows: readonly NextRow[]) => void;
  /** No further batch is begun once it is aborted. */
  signal: AbortSignal;
}

/** A batch that another assigner's work spoiled whole is planned anew this often; then the next bell or tick has its turn. */
const spoiledBatches = 5;

/** Returns how many rows were assigned. */
export async function assignLane(database: Database, assign: AssignLane): Promise<number> {
  let assigned = 0;
  for (let spoiled = 0; spoiled < spoiledBatches && !assign.signal.aborted; ) {
    const batch = await assignBatch(database, assign);
    if (!batch) break;
    assigned += batch.length;
    spoiled = batch.length === 0 ? spoiled + 1 : 0;
  }
  return assigned;
}

/** Undefined when nothing can be assigned now; an empty list when everything planned was taken by others. */
async function assignBatch(database: Database, assign: AssignLane): Promise<Assignment[] | undefined> {
  const { lane, slotKind, targets, unlimitedSlots, batchSize, takesTurn } = assign;
  const slots = await findFreeSlots(database, { lane, slotKind, targets, unlimitedSlots, limit: batchSize });
  if (slots.length === 0) return undefined;
  const rows = await findNextRows(database, {
    lane: laneKey(lane),
    isPinned: lane.tokenId !== undefined,
    freeTokenIds: [...new Set(slots.map((slot) => slot.tokenId))],
    turns: assign.turns(),
    limit: slots.length,
  });
  const matches = matchSlots(rows, slots).map((match) => ({ ...match, attemptId: assign.newId() }));
  if (matches.length === 0) return undefined;
  const take = { slotKind, takesTurn, simulatedTargets: targets.simulated, matches };
  const assignments = await takeUnlessTaken(database, take);
  if (assignments.length > 0) {
    const ids = new Set(assignments.map(({ generationId }) => generationId));
    assign.onAssigned(
      assignments,
      rows.filter(({ generationId }) => ids.has(generationId)),
    );
  }
  return assignments;
}

/** A unique violation means that somebody opened an attempt or took a slot between snapshot and insert: plan again. */
async function takeUnlessTaken(database: Database, take: TakeSlots): Promise<Assignment[]> {
  try {
    return await takeSlots(database, take);
  } catch (error) {
    if (isUniqueViolation(error)) return [];
    throw error;
  }
}
