/** Whether a request would be refused: asked before work is put into it. Acceptance asks again. */
import { type Lane, laneKey } from '@reelay/contracts/lane';
import type { Model } from '@reelay/contracts/models';
import { type AdmissionLimits, findRefusal } from '@reelay/db/admission/find-refusal';
import type { Database } from '@reelay/db/client';
import { refusalError } from './refusal-error.js';

export interface AskService {
  model: Model;
  lane: Lane;
  apiKeyId: string;
  /** Generations that it makes. */
  count: number;
  deadlineMs: number;
  limits: AdmissionLimits;
}

/** @throws AppError those of `refusalError` */
export async function refuseUnserved(database: Database, { model, lane, ...ask }: AskService): Promise<void> {
  const refusal = await findRefusal(database, { ...ask, lane: laneKey(lane), kind: lane.kind });
  if (refusal) throw refusalError(refusal, model.id);
  const incapacity = await findIncapacity(database, lane);
  if (incapacity) throw refusalError({ outcome: 'unserved', ...incapacity }, model.id);
}

async function findIncapacity(database: Database, lane: Lane): Promise<{ reason: string | null } | undefined> {
  if (lane.tokenId === undefined) return undefined;
  // Nobody keeps a state of lanes that belong to one account, as long as nothing waits there.
  const token = await database.token.findUnique({
    where: { id: lane.tokenId },
    select: { hiddenAt: true, state: true, plan: true, sora2: true },
  });
  if (!token || token.hiddenAt) return { reason: 'the account that this depends on is gone' };
  if (token.state === 'disabled') return { reason: 'the account that this depends on is switched off' };
  if (lane.plan === 'pro' && token.plan !== 'pro')
    return { reason: 'the account that this depends on has no plan pro' };
  if (lane.sora2 && token.sora2 === false) return { reason: 'the account that this depends on has no Sora 2' };
  return undefined;
}
