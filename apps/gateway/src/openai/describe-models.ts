/** The catalogue as OpenAI's list of models. */
import { isModelAllowed, type KeyRights, standsFor } from '@reelay/contracts/allowed-models';
import { getModel, models } from '@reelay/contracts/models';
import { findOpenAiImageName } from '@reelay/contracts/models/openai-image-names';
import { findOpenAiName, openAiNames } from '@reelay/contracts/models/openai-names';
import type { GatewayParts } from '../gateway-parts.js';
import { refuseForbidden } from '../generations/refuse-forbidden.js';
import { imageNameObjectOf, modelObjectOf, nameObjectOf } from './model-object.js';

/** Those that the key may use. */
export async function describeModels({ laneStates }: GatewayParts, rights: KeyRights) {
  const lanes = await laneStates.read();
  const allowed = models.filter((model) => isModelAllowed(rights, model));
  const names = openAiNames.filter((name) => allowed.some((model) => standsFor(name, model)));
  const objects = [
    ...allowed.map((model) => modelObjectOf(model, lanes)),
    ...names.map((name) => nameObjectOf(name, lanes)),
  ];
  return { object: 'list', data: objects };
}

/**
 * Also OpenAI's names of image models, which are not listed: they are a dozen of the same.
 * @throws AppError `model_not_found`, `model_not_allowed`
 */
export async function describeModel({ laneStates }: GatewayParts, id: string, rights: KeyRights) {
  const name = findOpenAiName(id);
  // A name may be used as soon as one of those it stands for may.
  const model = models.find((each) => standsFor(name, each) && isModelAllowed(rights, each)) ?? getModel(id);
  refuseForbidden(rights, model, model.kind);
  const lanes = await laneStates.read();
  if (name) return nameObjectOf(name, lanes);
  return findOpenAiImageName(id) ? imageNameObjectOf(id, model, lanes) : modelObjectOf(model, lanes);
}
