/** What finished images are in the words of the images API (openai-wire 2.2 and 2.4): what was made, not what was asked. */
import { AppError } from '@reelay/contracts/errors';
import type { GenerationResult, MediaAsset } from '@reelay/contracts/generation-request';
import { publicId } from '@reelay/contracts/ids';
import { findModel } from '@reelay/contracts/models';
import type { ImageForm } from '@reelay/contracts/openai/images';
import { findAsset } from '@reelay/db/assets/find-asset';
import type { GatewayParts } from '../gateway-parts.js';
import type { PlannedWork } from '../generations/planned-work.js';
import { mediaExpired } from '../media/find-linked-asset.js';
import { imagesAnswer, type StoredImage } from './image-pieces.js';
import { estimateImageUsage, type ImageUsage } from './usage.js';

export interface FinishedImage {
  generationId: string;
  media: MediaAsset;
}

/** @throws AppError `media_unavailable` */
export function imagesOf(generationId: string, { media }: GenerationResult): FinishedImage[] {
  if (media.length === 0) throw new AppError('media_unavailable', 'The generation ended without an image.');
  return media.map((each) => ({ generationId, media: each }));
}

export interface DescribeImages {
  images: readonly FinishedImage[];
  form: ImageForm;
  work: PlannedWork;
  publicUrl: string;
}

/**
 * An object, or the text of one in pieces where it holds the images themselves.
 * @throws AppError `not_found`, `expired` when a file is gone, `media_unavailable` when it was never here
 */
export async function describeImages(
  parts: Pick<GatewayParts, 'database' | 'storage' | 'links'>,
  { images, form, work, publicUrl }: DescribeImages,
): Promise<object | AsyncIterable<string>> {
  const isElsewhere = images.some(({ media }) => media.url !== undefined);
  const isBase64Alone = form === 'b64_json' || (form === 'b64_json_if_stored' && !isElsewhere);
  const fields = await Promise.all(
    images.map(async ({ generationId, media }) => ({
      ...(isBase64Alone ? {} : { url: await parts.links.linkTo(media, publicUrl) }),
      generation_id: publicId('images', generationId),
    })),
  );
  const head = { created: Math.floor(Date.now() / 1000), ...madeOf(images, work) };
  if (form === 'url' || (form !== 'b64_json' && isElsewhere)) return { ...head, data: fields };
  const keys = await Promise.all(images.map(({ media }) => storageKeyOf(parts, media)));
  const stored = keys.map((storageKey, index) => ({ storageKey, fields: fields[index] ?? {} }));
  return imagesAnswer(parts.storage, head, stored);
}

/** A completed image as a stream tells it; always with the image itself. */
export async function describeCompleted(
  parts: Pick<GatewayParts, 'database' | 'storage'>,
  type: string,
  { image, work }: { image: FinishedImage; work: PlannedWork },
): Promise<StoredImage> {
  const fields = {
    type,
    created_at: Math.floor(Date.now() / 1000),
    // Words that the clients' types insist on; nobody here knows more.
    ...{ background: 'auto', quality: 'auto' },
    ...madeOf([image], work),
    generation_id: publicId('images', image.generationId),
  };
  return { storageKey: await storageKeyOf(parts, image.media), fields };
}

function madeOf(
  images: readonly FinishedImage[],
  work: PlannedWork,
): { output_format: string; size: string; usage: ImageUsage } {
  const [first] = images;
  const { width, height, contentType = '' } = first?.media ?? {};
  return {
    output_format: contentType.replace(/^image\//, ''),
    size: width && height ? `${width}x${height}` : (findModel(work.model)?.size ?? ''),
    usage: estimateImageUsage(
      work.prompt,
      images.map(({ media }) => media),
    ),
  };
}

/** Looked for before the answer begins: afterwards nothing could be said of it any more. */
async function storageKeyOf(
  { database, storage }: Pick<GatewayParts, 'database' | 'storage'>,
  { assetId, url }: MediaAsset,
): Promise<string> {
  if (url !== undefined) throw new AppError('media_unavailable', 'This image is not stored here: ask for its address.');
  const asset = await findAsset(database, assetId);
  if (asset?.removedAt) throw mediaExpired();
  if (asset && (await storage.stat(asset.storageKey))) return asset.storageKey;
  throw new AppError('not_found', 'The file of this image was deleted.');
}
