/** Whether a key may use a model at all. By what is remembered of the key, which is at most seconds old. */
import { isModelAllowed, type KeyRights } from '@reelay/contracts/allowed-models';
import type { GenerationKind } from '@reelay/contracts/domain';
import { AppError } from '@reelay/contracts/errors';
import type { Model } from '@reelay/contracts/models';

/**
 * `kind` is what the request comes to: with a video alone, a model of videos makes a character.
 * @throws AppError `model_not_allowed`
 */
export function refuseForbidden(rights: KeyRights, model: Pick<Model, 'id' | 'kind'>, kind: GenerationKind): void {
  if (!isModelAllowed(rights, { id: model.id, kind })) throw forbidden(model.id, kind, rights);
}

function forbidden(modelId: string, kind: GenerationKind, { allowedKinds }: KeyRights): AppError {
  const isKind = allowedKinds !== null && !allowedKinds.includes(kind);
  const what = isKind ? `generations of kind "${kind}"` : `"${modelId}"`;
  const message = `This key may not make ${what}. GET /v1/models lists what it may; the operator can allow more.`;
  return new AppError('model_not_allowed', message, { param: 'model' });
}
