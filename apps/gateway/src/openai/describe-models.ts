/** The catalogue as OpenAI's list of models. */
import { isModelAllowed, type KeyRights, standsFor } from '@reelay/contracts/allowed-models';
import { getModel, models } from '@reelay/contracts/models';
import { findOpenAiName, openAiNames } from '@reelay/contracts/models/openai-names';
import { listLaneStates } from '@reelay/db/lanes/list-lane-states';
import type { GatewayParts } from '../gateway-parts.js';
import { refuseForbidden } from '../generations/refuse-forbidden.js';
import { modelObjectOf, nameObjectOf } from './model-object.js';

/** Those that the key may use. */
export async function describeModels({ database }: GatewayParts, rights: KeyRights) {
  const lanes = await listLaneStates(database);
  const allowed = models.filter((model) => isModelAllowed(rights, model));
  const names = openAiNames.filter((name) => allowed.some((model) => standsFor(name, model)));
  const objects = [
    ...allowed.map((model) => modelObjectOf(model, lanes)),
    ...names.map((name) => nameObjectOf(name, lanes)),
  ];
  return { object: 'list', data: objects };
}

/** @throws AppError `model_not_found`, `model_not_allowed` */
export async function describeModel({ database }: GatewayParts, id: string, rights: KeyRights) {
  const name = findOpenAiName(id);
  // A name may be used as soon as one of those it stands for may.
  const model = models.find((each) => standsFor(name, each) && isModelAllowed(rights, each)) ?? getModel(id);
  refuseForbidden(rights, model, model.kind);
  const lanes = await listLaneStates(database);
  return name ? nameObjectOf(name, lanes) : modelObjectOf(model, lanes);
}
