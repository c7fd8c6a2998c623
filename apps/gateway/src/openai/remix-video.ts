import { AppError } from '@reelay/contracts/errors';
import { publicId } from '@reelay/contracts/ids';
import { findModel, type Model } from '@reelay/contracts/models';
import { findOpenAiName, modelOfOpenAiName, type WantedVideo } from '@reelay/contracts/models/openai-names';
import { inputOfRemix, type RemixVideo } from '@reelay/contracts/openai/video-actions';
import type { RequestInput } from '@reelay/contracts/request/request-input';
import { findGeneration, type Generation } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';

export interface PlanRemix {
  source: Generation;
  body: RemixVideo;
  client: { ownerId: string };
}

/**
 * A remix is made as its video was: by the same model where that remixes, else by one of the same orientation.
 * @throws AppError `invalid_value` for what is no video
 */
export async function planRemix(
  { database }: Pick<GatewayParts, 'database'>,
  { source, body, client }: PlanRemix,
): Promise<{ model: Model; input: RequestInput }> {
  const { request } = source;
  if (request.kind !== 'video') {
    throw new AppError('invalid_value', 'Only a video can be remixed: name one by its id.', { param: 'id' });
  }
  const input = inputOfRemix(body, publicId('videos', source.id));
  const model = findModel(request.model);
  if (model?.remix) return { model, input };
  const name = findOpenAiName('sora-2');
  if (!name) throw new Error('There is no default model');
  return { model: modelOfOpenAiName(name, { orientation: await orientationOf(database, source, client) }), input };
}

/** Of what was passed on without being looked at only what was asked for is known, and an extension follows what it continues. */
async function orientationOf(
  database: GatewayParts['database'],
  { request, result }: Generation,
  { ownerId }: PlanRemix['client'],
): Promise<WantedVideo['orientation']> {
  const { width, height } = result?.media[0] ?? {};
  if (width && height) return width >= height ? 'landscape' : 'portrait';
  const { workflow, parent, orientation } = request;
  const continued = workflow === 'extension' && parent?.type === 'draft' ? parent.generationId : undefined;
  const original = continued === undefined ? undefined : await findGeneration(database, { id: continued, ownerId });
  if (original) return orientationOf(database, original, { ownerId });
  return orientation === 'portrait' ? 'portrait' : 'landscape';
}
