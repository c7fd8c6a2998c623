/** A model of the catalogue as OpenAI's model object, and beside its four fields what a client needs to choose one. */
import { laneKey } from '@reelay/contracts/lane';
import { laneOfModel, type Model } from '@reelay/contracts/models';
import { modelOfOpenAiName, type OpenAiName } from '@reelay/contracts/models/openai-names';
import type { LaneState } from '@reelay/db/lanes/list-lane-states';

type Lanes = readonly Pick<LaneState, 'lane' | 'tokens' | 'simulated'>[];

/** Every key is always there; null is what the model does not have, or takes over from the draft it goes on with. */
export function modelObjectOf(model: Model, lanes: Lanes) {
  const key = laneKey(laneOfModel(model));
  const lane = lanes.find((candidate) => candidate.lane === key);
  const isSized = model.size !== '';
  return {
    id: model.id,
    object: 'model',
    created: model.created,
    owned_by: 'reelay',
    description: model.description,
    kind: model.kind,
    workflow: model.workflow,
    orientation: isSized ? model.orientation : null,
    size: isSized ? model.size : null,
    seconds: model.seconds || null,
    frames: model.frames || null,
    plan: model.requires.plan,
    styles: model.styles,
    references: model.references,
    remix: model.remix,
    storyboard: model.storyboard,
    extends: model.extends,
    enhance: model.enhance ?? null,
    // Only where no real account could be the one: a mixed pool may answer with either.
    simulated: lane !== undefined && lane.tokens > 0 && lane.simulated === lane.tokens,
  };
}

const open = { orientation: null, size: null, seconds: null, frames: null };

/** One of OpenAI's names: what it stands for in the end is for size and seconds of the request to say. */
export function nameObjectOf(name: OpenAiName, lanes: Lanes) {
  const model = modelObjectOf(modelOfOpenAiName(name, {}), lanes);
  return { ...model, ...open, id: name.id, created: name.created, description: name.description };
}

/** The same of an image model: any size, and one picture. */
export function imageNameObjectOf(id: string, model: Model, lanes: Lanes) {
  return { ...modelObjectOf(model, lanes), orientation: null, size: null, id };
}
