import { AppError } from '@reelay/contracts/errors';
import { type Asset, findResultAssets } from '@reelay/db/assets/find-asset';
import type { GatewayParts } from '../gateway-parts.js';
import { failureOf } from '../generations/generation-error.js';
import { getGeneration } from '../generations/get-generation.js';

export interface FindVideoFile {
  id: string;
  client: { ownerId: string };
  /** As the query has it. */
  variant: unknown;
}

/**
 * The file of a finished video.
 * @throws AppError `video_not_ready`, `not_found`, `unsupported_parameter`, or what the generation failed with
 */
export async function findVideoFile(parts: GatewayParts, { id, client, variant }: FindVideoFile): Promise<Asset> {
  if (variant !== undefined && variant !== 'video') {
    throw new AppError('unsupported_parameter', 'Only the variant "video" exists; leave variant out.', {
      param: 'variant',
    });
  }
  const generation = await getGeneration(parts, id, client);
  if (generation.error) throw failureOf(generation.error);
  if (generation.state !== 'succeeded') {
    const { progress } = generation;
    throw new AppError(
      'video_not_ready',
      `The video is not finished (${progress}%): ask again when its status is "completed".`,
    );
  }
  const of = { generationId: generation.id, ownerId: client.ownerId };
  const [asset] = await findResultAssets(parts.database, of);
  if (asset) return asset;
  throw new AppError('not_found', 'The file of this video was deleted.');
}
