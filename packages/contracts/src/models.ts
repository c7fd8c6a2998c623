/** The catalogue of models as data: what clients may ask for, and what each means upstream. Drives /v1/models, lanes and adaptors. */
import { AppError } from './errors.js';
import type { Lane } from './lane.js';
import type { Model } from './models/model.js';
import { findOpenAiImageName } from './models/openai-image-names.js';
import { findOpenAiName, modelOfOpenAiName } from './models/openai-names.js';
import { soraModels } from './models/sora-models.js';

export type { EnhanceLevel, Model, ModelWorkflow, Orientation } from './models/model.js';

/** In the order in which they are listed. */
export const models: readonly Model[] = [...soraModels];

const byId = new Map(models.map((model) => [model.id, model]));

export function findModel(id: string): Model | undefined {
  return byId.get(id);
}

/**
 * Also by one of OpenAI's names, which stands for its shortest portrait or its square image where nothing else is asked.
 * @throws AppError `model_not_found`
 */
export function getModel(id: string): Model {
  const name = findOpenAiName(id);
  const model = findModel(findOpenAiImageName(id)?.modelId ?? id) ?? (name && modelOfOpenAiName(name, {}));
  if (model) return model;
  throw new AppError('model_not_found', `There is no model "${id}". GET /v1/models lists the ids you can use.`, {
    param: 'model',
  });
}

export function laneOfModel(model: Model): Lane {
  return { provider: model.provider, kind: model.kind, plan: model.requires.plan, sora2: model.requires.sora2 };
}
