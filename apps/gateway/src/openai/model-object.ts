/** A catalogue model as OpenAI's model object, with what a client needs to choose one. */
import { laneKey } from '@reelay/contracts/lane';
import { laneOfModel, type Model } from '@reelay/contracts/models';
import type { LaneState } from '@reelay/db/lanes/list-lane-states';

export function modelObjectOf(model: Model, lanes: readonly LaneState[]) {
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
    ...(lane !== undefined && lane.tokens > 0 && lane.simulated === lane.tokens ? { simulated: true } : {}),
  };
}
