/** Whether a model takes what was brought along. Nothing that a client sent is dropped without a word. Pure. */
import { AppError } from '../errors.js';
import type { Model } from '../models.js';
import type { MediaInput, RequestInput } from './request-input.js';

/** @throws AppError `not_supported_by_model`, `invalid_value` */
export function checkMedia(model: Model, { media }: RequestInput): void {
  checkKind(model, media, 'image', model.references.images);
  checkKind(model, media, 'video', model.references.videos);
}

function checkKind(model: Model, media: readonly MediaInput[], kind: MediaInput['kind'], most: number): void {
  const ofKind = media.filter((each) => each.kind === kind);
  const tooMany = ofKind[most];
  if (!tooMany) return;
  if (most > 0) {
    throw new AppError('invalid_value', `"${model.id}" takes at most ${count(most, kind)}: remove the others.`, {
      param: tooMany.param,
    });
  }
  throw new AppError('not_supported_by_model', `"${model.id}" takes no ${kind}: ${advice(model)}.`, {
    param: tooMany.param,
  });
}

/** @throws AppError `not_supported_by_model` */
export function refuseMedia(model: Model, { media }: RequestInput): void {
  const [first] = media;
  if (!first) return;
  throw new AppError('not_supported_by_model', `"${model.id}" takes text only: remove the ${first.kind}.`, {
    param: first.param,
  });
}

/** @throws AppError `not_supported_by_model` */
export function refuseRemixTarget(model: Model, { remixTarget }: RequestInput): void {
  if (!remixTarget) return;
  throw new AppError('not_supported_by_model', `"${model.id}" cannot remix: remove ${remixTarget.param}.`, {
    param: remixTarget.param,
  });
}

function advice({ references: { images, videos } }: Model): string {
  if (images > 0) return 'send an image, or choose another model';
  if (videos > 0) return 'send a video, or choose another model';
  return 'remove it, or choose another model';
}

function count(most: number, kind: string): string {
  return most === 1 ? `one ${kind}` : `${most} ${kind}s`;
}
