/** Whether anybody of the pool could ever serve a lane: asked before work is put into a request. Acceptance asks again. */
import { AppError } from '@reelay/contracts/errors';
import { type Lane, laneKey } from '@reelay/contracts/lane';
import type { Model } from '@reelay/contracts/models';
import type { Database } from '@reelay/db/client';

/** @throws AppError `model_not_available` */
export async function refuseUnserved(database: Database, model: Model, lane: Lane): Promise<void> {
  const incapacity = await findIncapacity(database, lane);
  if (incapacity) throw unserved(model.id, incapacity.reason);
}

async function findIncapacity(database: Database, lane: Lane): Promise<{ reason: string | null } | undefined> {
  if (lane.tokenId === undefined) {
    const state = await database.laneState.findUnique({ where: { lane: laneKey(lane) } });
    return state?.tokens === 0 ? { reason: state.reason } : undefined;
  }
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

export function unserved(modelId: string, reason: string | null): AppError {
  const because = reason === null ? '' : ` (${reason})`;
  return new AppError(
    'model_not_available',
    `No account of this installation can serve "${modelId}"${because}. Ask the operator to add one, or choose another model.`,
    { param: 'model' },
  );
}
