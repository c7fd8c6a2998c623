import { AppError } from '@reelay/contracts/errors';
import { type Asset, findResultAssets } from '@reelay/db/assets/find-asset';
import { findVariant, type VideoVariant, videoVariants } from '@reelay/db/assets/variants';
import type { Generation } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';
import { failureOf } from '../generations/generation-error.js';
import { getGeneration } from '../generations/get-generation.js';
import { mediaExpired } from '../media/find-linked-asset.js';

export interface FindVideoFile {
  id: string;
  client: { ownerId: string };
  /** As the query has it. */
  variant: unknown;
}

/** In our store, or where the upstream has it. */
export type VideoFile = { asset: Asset } | { address: string };

/**
 * The file of a finished video, or a picture made of it.
 * @throws AppError `video_not_ready`, `expired`, `not_found`, `invalid_value`, `variant_unavailable`, or what the generation failed with
 */
export async function findVideoFile(parts: GatewayParts, { id, client, variant }: FindVideoFile): Promise<VideoFile> {
  const picture = readVariant(variant);
  const generation = await getGeneration(parts, id, client);
  if (generation.error) throw failureOf(generation.error);
  if (generation.state !== 'succeeded') {
    const { progress } = generation;
    throw new AppError(
      'video_not_ready',
      `The video is not finished (${progress}%): ask again when its status is "completed".`,
    );
  }
  const address = generation.result?.media[0]?.url;
  if (address !== undefined) {
    if (picture) throw new AppError('variant_unavailable', notStored, { param: 'variant' });
    return { address };
  }
  if (generation.mediaRemovedAt) throw mediaExpired();
  const of = { generationId: generation.id, ownerId: client.ownerId };
  const [asset] = await findResultAssets(parts.database, of);
  if (!asset) throw new AppError('not_found', 'The file of this video was deleted.');
  return { asset: picture ? await findPicture(parts, generation, asset, picture) : asset };
}

const notStored = 'This installation does not store what is made, so it makes no pictures of it: leave variant out.';

function readVariant(variant: unknown): VideoVariant | undefined {
  if (variant === undefined || variant === '' || variant === 'video') return undefined;
  const picture = videoVariants.find((name) => name === variant);
  if (picture) return picture;
  throw new AppError('invalid_value', 'variant must be video, thumbnail or spritesheet; leave it out for the video.', {
    param: 'variant',
  });
}

async function findPicture(
  { database, variants }: GatewayParts,
  { id: generationId, request, result }: Generation,
  video: Asset,
  variant: VideoVariant,
): Promise<Asset> {
  const known = await findVariant(database, { generationId, ownerId: video.ownerId, variant });
  if (known) return known;
  if (!video.contentType.startsWith('video/')) {
    throw new AppError('variant_unavailable', 'What was made is no video: leave variant out.', { param: 'variant' });
  }
  const durationMs = result?.media[0]?.durationMs ?? request.seconds * 1000;
  return variants.make({ video, generationId, variant, durationMs });
}
