/** The catalogue as OpenAI's list of models. */
import { getModel, models } from '@reelay/contracts/models';
import { listLaneStates } from '@reelay/db/lanes/list-lane-states';
import type { GatewayParts } from '../gateway-parts.js';
import { modelObjectOf } from './model-object.js';

export async function describeModels({ database }: GatewayParts) {
  const lanes = await listLaneStates(database);
  return { object: 'list', data: models.map((model) => modelObjectOf(model, lanes)) };
}

/** @throws AppError `model_not_found` */
export async function describeModel({ database }: GatewayParts, id: string) {
  const model = getModel(id);
  return modelObjectOf(model, await listLaneStates(database));
}
