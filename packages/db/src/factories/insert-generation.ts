/** Rows for tests: accepted generations, waiting or assigned, as the gateway and the token-manager leave them. */
import { randomUUID } from 'node:crypto';
import { slotKindOf } from '@reelay/contracts/domain';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { laneKey } from '@reelay/contracts/lane';
import type { Database, Queryable } from '../client.js';
import { inTransaction } from '../transaction.js';

export interface GenerationRow {
  prompt?: string;
  deadlineMs?: number;
  /** Pins the row's lane to a token. */
  pinnedTo?: string;
  /** What differs from a plain video. */
  request?: Partial<GenerationRequest>;
}

/** Returns the id of a row in the waiting room. */
export async function insertGeneration(database: Queryable, row: GenerationRow = {}): Promise<string> {
  const id = `generation-${randomUUID()}`;
  const ownerId = 'owner-of-tests';
  const request = { ...plainRequest, prompt: row.prompt ?? plainRequest.prompt, ...row.request };
  const { kind, model } = request;
  const lane = { provider: 'sora', kind, plan: 'any', sora2: kind !== 'image' } as const;
  await database.owner.upsert({ where: { id: ownerId }, create: { id: ownerId, name: ownerId }, update: {} });
  await database.generation.create({
    data: {
      ...{ id, ownerId, model, request, kind, dialect: 'videos', provider: 'sora', requestHash: id },
      lane: laneKey(row.pinnedTo === undefined ? lane : { ...lane, tokenId: row.pinnedTo }),
      deadlineAt: new Date(Date.now() + (row.deadlineMs ?? 3_600_000)),
    },
  });
  await database.generationEvent.create({ data: { generationId: id, seq: 1, type: 'generation.queued', data: {} } });
  await database.usage.create({ data: { generationId: id, ownerId, kind, model } });
  return id;
}

const plainRequest: GenerationRequest = {
  kind: 'video',
  workflow: 'video',
  model: 'sora2-landscape-10s',
  prompt: 'a paper boat',
  references: [],
  orientation: 'landscape',
  seconds: 10,
  frames: 300,
  upstream: { model: 'sy_8', size: 'small' },
};

export interface Assigned {
  generationId: string;
  attemptId: string;
  tokenId: string;
  fence: bigint;
}

/** Gives a waiting row to a token: an `intent` attempt, a slot where its kind takes one, a new fence. */
export async function assignTo(
  database: Queryable,
  { generationId, tokenId }: { generationId: string; tokenId: string },
): Promise<Assigned> {
  const attemptId = `attempt-${randomUUID()}`;
  const { fence, step, kind } = await database.generation.update({
    where: { id: generationId },
    data: { tokenId, fence: { increment: 1 }, assignedAt: new Date() },
  });
  const slotKind = slotKindOf(kind as GenerationRequest['kind']);
  const n = 1 + (await database.submitAttempt.count({ where: { generationId, step } }));
  const { proxySealed } = await database.token.findUniqueOrThrow({ where: { id: tokenId } });
  const attempt = { id: attemptId, generationId, step, n, tokenId, provider: 'sora', fence, proxySealed };
  await database.submitAttempt.create({ data: { ...attempt, takesTurn: false, slotless: slotKind === undefined } });
  if (slotKind) await takeSlot(database, { tokenId, kind: slotKind, attemptId });
  return { generationId, attemptId, tokenId, fence };
}

async function takeSlot(
  database: Queryable,
  slot: { tokenId: string; kind: string; attemptId: string },
): Promise<void> {
  const { tokenId, kind } = slot;
  const slots = await database.tokenSlot.findMany({ where: { tokenId, kind }, select: { slotNo: true } });
  const taken = new Set(slots.map(({ slotNo }) => slotNo));
  const slotNo = [...Array(taken.size + 1).keys()].find((no) => !taken.has(no)) ?? 0;
  await database.tokenSlot.create({ data: { ...slot, slotNo } });
}

/** A waiting row and its assignment in one go, so that no token-manager of the test sees it waiting. */
export async function insertAssigned(
  database: Database,
  { tokenId, ...row }: GenerationRow & { tokenId: string },
): Promise<Assigned> {
  return inTransaction(database, async (tx) =>
    assignTo(tx, { generationId: await insertGeneration(tx, row), tokenId }),
  );
}
