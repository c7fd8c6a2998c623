/** Gives a lane's next waiting rows to its free slots, in batches, until nothing more fits. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Lane } from '@reelay/contracts/lane';
import { laneKey } from '@reelay/contracts/lane';
import type { AssignStrategy } from '@reelay/contracts/settings';
import type { Database } from '../client.js';
import { isUniqueViolation } from '../transaction.js';
import { findFreeSlotless } from './find-free-slotless.js';
import { type FreeSlot, findFreeSlots } from './find-free-slots.js';
import { findNextRows, type NextRow } from './find-next-rows.js';
import { type Match, matchSlots } from './match-slots.js';
import { takeSlotless } from './take-slotless.js';
import { type Assignment, takeSlots } from './take-slots.js';
import type { KnownTargets } from './token-filter.js';

export interface AssignLane {
  lane: Lane;
  /** Undefined for work that holds no slot. */
  slotKind: SlotKind | undefined;
  targets: KnownTargets;
  unlimitedSlots: number;
  /** Least-loaded, if not given. */
  strategy?: AssignStrategy;
  /** Attempts without a slot that a token may have open. */
  slotlessPerToken: number;
  /** Videos of a quota that are left untouched; none, if not given. */
  quotaMargin?: number;
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
    assigned += batch.taken;
    // What comes back meanwhile is for the next round, in which the lanes take turns anew.
    if (batch.isLast) break;
    spoiled = batch.taken === 0 ? spoiled + 1 : 0;
  }
  return assigned;
}

interface Batch {
  /** None where everything planned was taken by others. */
  taken: number;
  /** Nothing more can be assigned now. */
  isLast: boolean;
}

async function assignBatch(database: Database, assign: AssignLane): Promise<Batch> {
  const { lane } = assign;
  const slots = await findPlaces(database, assign);
  if (slots.length === 0) return { taken: 0, isLast: true };
  const rows = await findNextRows(database, {
    lane: laneKey(lane),
    isPinned: lane.tokenId !== undefined,
    freeTokenIds: [...new Set(slots.map((slot) => slot.tokenId))],
    turns: assign.turns(),
    limit: slots.length,
  });
  const matches = matchSlots(rows, slots).map((match) => ({ ...match, attemptId: assign.newId() }));
  if (matches.length === 0) return { taken: 0, isLast: true };
  const assignments = await takeUnlessTaken(database, assign, matches);
  if (assignments.length > 0) {
    const ids = new Set(assignments.map(({ generationId }) => generationId));
    assign.onAssigned(
      assignments,
      rows.filter(({ generationId }) => ids.has(generationId)),
    );
  }
  const tookAll = slots.length < assign.batchSize && assignments.length === slots.length;
  return { taken: assignments.length, isLast: tookAll };
}

function findPlaces(database: Database, assign: AssignLane): Promise<FreeSlot[]> {
  const {
    lane,
    slotKind,
    targets,
    unlimitedSlots,
    slotlessPerToken,
    quotaMargin,
    strategy = 'least-loaded',
    batchSize: limit,
  } = assign;
  if (slotKind === undefined) return findFreeSlotless(database, { lane, targets, perToken: slotlessPerToken, limit });
  return findFreeSlots(database, { lane, slotKind, targets, unlimitedSlots, quotaMargin, strategy, limit });
}

/** A unique violation means that somebody opened an attempt or took a slot between snapshot and insert: plan again. */
async function takeUnlessTaken(
  database: Database,
  { slotKind, targets }: AssignLane,
  matches: readonly (Match & { attemptId: string })[],
): Promise<Assignment[]> {
  const take = { simulatedTargets: targets.simulated, matches };
  try {
    return slotKind === undefined
      ? await takeSlotless(database, take)
      : await takeSlots(database, { ...take, slotKind });
  } catch (error) {
    if (isUniqueViolation(error)) return [];
    throw error;
  }
}
