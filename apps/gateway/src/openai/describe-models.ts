/** The catalogue as OpenAI's model objects, with what a client needs to choose one. */
import { laneKey } from '@reelay/contracts/lane';
import { getModel, laneOfModel, type Model, models } from '@reelay/contracts/models';
import { type LaneState, listLaneStates } from '@reelay/db/lanes/list-lane-states';
import type { GatewayParts } from '../gateway-parts.js';

export async function describeModels({ database }: GatewayParts) {
  const lanes = await listLaneStates(database);
  return { object: 'list', data: models.map((model) => modelObjectOf(model, lanes)) };
}

/** @throws AppError `model_not_found` */
export async function describeModel({ database }: GatewayParts, id: string) {
  const model = getModel(id);
  return modelObjectOf(model, await listLaneStates(database));
}

function modelObjectOf(model: Model, lanes: readonly LaneState[]) {
  const key = laneKey(laneOfModel(model));
  const lane = lanes.find((candidate) => candidate.lane === key);
  return {
    id: model.id,
    object: 'model',
    created: model.created,
    owned_by: 'reelay',
    description: model.description,
    kind: model.kind,
    orientation: model.orientation,
    seconds: model.seconds,
    size: model.size,
    // Only where no real account could be the one: a mixed pool may answer with either.
    simulated: lane !== undefined && lane.tokens > 0 && lane.simulated === lane.tokens,
  };
}
