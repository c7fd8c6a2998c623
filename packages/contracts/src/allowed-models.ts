/** Which models a key may use. Pure. */
import type { GenerationKind } from './domain.js';
import { findOpenAiImageName } from './models/openai-image-names.js';
import { findOpenAiName, type OpenAiName } from './models/openai-names.js';
import { findModel, type Model } from './models.js';

export interface KeyRights {
  /** Ids of the catalogue and OpenAI's names; null is all. */
  allowedModels: readonly string[] | null;
  allowedKinds: readonly GenerationKind[] | null;
}

export function isModelAllowed({ allowedModels, allowedKinds }: KeyRights, model: Pick<Model, 'id' | 'kind'>): boolean {
  if (allowedKinds && !allowedKinds.includes(model.kind)) return false;
  return !allowedModels || allowedModels.some((id) => id === model.id || isNameOf(id, model));
}

/** What an operator may write into the list of a key. */
export function isModelOrName(id: string): boolean {
  return Boolean(findModel(id) ?? findOpenAiName(id) ?? findOpenAiImageName(id));
}

function isNameOf(name: string, model: Pick<Model, 'id'>): boolean {
  const family = findOpenAiImageName(name)?.modelId;
  if (family !== undefined) return model.id === family || model.id.startsWith(`${family}-`);
  return standsFor(findOpenAiName(name), model);
}

/** Whether it may be made with `model`. */
export function standsFor(name: OpenAiName | undefined, { id }: Pick<Model, 'id'>): boolean {
  return name !== undefined && id.startsWith(`${name.family}-`);
}
