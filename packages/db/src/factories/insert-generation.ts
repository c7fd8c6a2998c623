/** Rows for tests: accepted generations, waiting or assigned, as the gateway and the token-manager leave them. */
import { randomUUID } from 'node:crypto';
import { laneKey } from '@reelay/contracts/lane';
import type { Database } from '../client.js';

export interface GenerationRow {
  prompt?: string;
  deadlineMs?: number;
  /** Pins the row's lane to a token. */
  pinnedTo?: string;
}

/** Returns the id of a row in the waiting room. */
export async function insertGeneration(database: Database, row: GenerationRow = {}): Promise<string> {
  const id = `generation-${randomUUID()}`;
  const ownerId = 'owner-of-tests';
  const model = 'sora2-landscape-10s';
  const lane = { provider: 'sora', kind: 'video', plan: 'any', sora2: true } as const;
  const upstream = { model: 'sy_8', size: 'small' };
  const prompt = row.prompt ?? 'a paper boat';
  const request = { kind: 'video', model, prompt, orientation: 'landscape', seconds: 10, frames: 300, upstream };
  await database.owner.upsert({ where: { id: ownerId }, create: { id: ownerId, name: ownerId }, update: {} });
  await database.generation.create({
    data: {
      ...{ id, ownerId, model, request, dialect: 'videos', kind: 'video', provider: 'sora', requestHash: id },
      lane: laneKey(row.pinnedTo === undefined ? lane : { ...lane, tokenId: row.pinnedTo }),
      deadlineAt: new Date(Date.now() + (row.deadlineMs ?? 3_600_000)),
    },
  });
  await database.generationEvent.create({ data: { generationId: id, seq: 1, type: 'generation.queued', data: {} } });
  await database.usage.create({ data: { generationId: id, ownerId, kind: 'video', model } });
  return id;
}

export interface Assigned {
  generationId: string;
  attemptId: string;
  tokenId: string;
  fence: bigint;
}

/** Gives a waiting row to a token: an `intent` attempt, a slot, a new fence. */
export async function assignTo(
  database: Database,
  { generationId, tokenId, takesTurn = true }: { generationId: string; tokenId: string; takesTurn?: boolean },
): Promise<Assigned> {
  const attemptId = `attempt-${randomUUID()}`;
  const { fence, step } = await database.generation.update({
    where: { id: generationId },
    data: { tokenId, fence: { increment: 1 }, assignedAt: new Date() },
  });
  const n = 1 + (await database.submitAttempt.count({ where: { generationId, step } }));
  const slots = await database.tokenSlot.findMany({ where: { tokenId, kind: 'video' }, select: { slotNo: true } });
  const taken = new Set(slots.map((slot) => slot.slotNo));
  const slotNo = [...Array(taken.size + 1).keys()].find((no) => !taken.has(no)) ?? 0;
  await database.submitAttempt.create({
    data: { id: attemptId, generationId, step, n, tokenId, provider: 'sora', fence, takesTurn },
  });
  await database.tokenSlot.create({ data: { tokenId, kind: 'video', slotNo, attemptId } });
  return { generationId, attemptId, tokenId, fence };
}

/** A waiting row and its assignment in one go. */
export async function insertAssigned(
  database: Database,
  { tokenId, takesTurn, ...row }: GenerationRow & { tokenId: string; takesTurn?: boolean },
): Promise<Assigned> {
  const generationId = await insertGeneration(database, row);
  return assignTo(database, { generationId, tokenId, ...(takesTurn !== undefined && { takesTurn }) });
}
