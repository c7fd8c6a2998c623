import { AppError } from '@reelay/contracts/errors';
import { publicId } from '@reelay/contracts/ids';
import { findModel, type Model } from '@reelay/contracts/models';
import { findOpenAiName, modelOfOpenAiName } from '@reelay/contracts/models/openai-names';
import { inputOfRemix, type RemixVideo } from '@reelay/contracts/openai/video-actions';
import type { RequestInput } from '@reelay/contracts/request/request-input';
import type { Generation } from '@reelay/db/generations/find-generation';

/**
 * A remix is made as its video was: by the same model where that remixes, else by one of the same orientation.
 * @throws AppError `invalid_value` for what is no video
 */
export function planRemix(source: Generation, body: RemixVideo): { model: Model; input: RequestInput } {
  const { request, result } = source;
  if (request.kind !== 'video') {
    throw new AppError('invalid_value', 'Only a video can be remixed: name one by its id.', { param: 'id' });
  }
  return { model: modelOf(request.model, result?.media[0]), input: inputOfRemix(body, publicId('videos', source.id)) };
}

function modelOf(id: string, picture: { width?: number | undefined; height?: number | undefined } = {}): Model {
  const model = findModel(id);
  if (model?.remix) return model;
  const { width = 1, height = 1 } = picture;
  const name = findOpenAiName('sora-2');
  if (!name) throw new Error('There is no default model');
  return modelOfOpenAiName(name, { orientation: width >= height ? 'landscape' : 'portrait' });
}
