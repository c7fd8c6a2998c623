/** What bytes really are, and whether they may be a reference: told by their content, never by what they call themselves. Pure. */
import { AppError } from '@reelay/contracts/errors';
import type { MediaInput } from '@reelay/contracts/request/request-input';
import type { Settings } from '@reelay/contracts/settings';
import { probeImage } from '@reelay/platform/probe-image';
import { type MediaType, sniffMedia } from '@reelay/platform/sniff-media';

export interface CheckedReference {
  contentType: MediaType;
  width?: number;
  height?: number;
}

/** What the upstream takes. */
const taken: Record<MediaInput['kind'], { types: readonly MediaType[]; words: string }> = {
  image: { types: ['image/png', 'image/jpeg', 'image/webp'], words: 'PNG, JPEG or WebP' },
  video: { types: ['video/mp4', 'video/quicktime'], words: 'MP4 or MOV' },
};

const names: Record<MediaType, string> = {
  'image/png': 'a PNG image',
  'image/jpeg': 'a JPEG image',
  'image/webp': 'a WebP image',
  'image/gif': 'a GIF image',
  'video/mp4': 'an MP4 video',
  'video/quicktime': 'a QuickTime video',
  'video/webm': 'a WebM video',
};

/** @throws AppError `invalid_reference` */
export function checkReference(
  bytes: Uint8Array,
  { kind, param }: Pick<MediaInput, 'kind' | 'param'>,
): CheckedReference {
  const contentType = sniffMedia(bytes);
  if (contentType === undefined || !taken[kind].types.includes(contentType)) {
    throw needed(contentType === undefined ? describeUnknown(bytes) : names[contentType], { kind, param });
  }
  if (kind === 'video') return { contentType };
  const size = probeImage(bytes);
  if (size) return { contentType, ...size };
  throw invalid(
    `This ${names[contentType].slice(2)} is broken or cut off: its size cannot be read. Send it again.`,
    param,
  );
}

/** @throws AppError `invalid_reference` */
export function checkSize(
  sizeBytes: number,
  { kind, param }: Pick<MediaInput, 'kind' | 'param'>,
  settings: Settings,
): void {
  const mostBytes = mostBytesOf(kind, settings);
  if (sizeBytes <= mostBytes) return;
  throw invalid(`The ${kind} has ${megabytes(sizeBytes)} MiB; at most ${megabytes(mostBytes)} MiB are taken.`, param);
}

/** Where an image is needed and a video was named, or the other way round. */
export function wrongKind(contentType: string, media: Pick<MediaInput, 'kind' | 'param'>): AppError {
  return needed(names[contentType as MediaType] ?? 'a file of unknown type', media);
}

function needed(found: string, { kind, param }: Pick<MediaInput, 'kind' | 'param'>): AppError {
  const wanted = kind === 'image' ? 'an image' : 'a video';
  return invalid(`This is ${found}, and ${wanted} is needed here: send ${taken[kind].words}.`, param);
}

/**
 * Which of both it is, where either is taken.
 * @throws AppError `invalid_reference`
 */
export function kindOfMedia(bytes: Uint8Array, param: string): MediaInput['kind'] {
  const contentType = sniffMedia(bytes);
  const kind = contentType?.startsWith('video/') ? 'video' : 'image';
  if (contentType !== undefined && taken[kind].types.includes(contentType)) return kind;
  const found = contentType === undefined ? describeUnknown(bytes) : names[contentType];
  throw invalid(
    `This is ${found}, and only images and videos are kept: send ${[taken.image.words, taken.video.words].join(', or ')}.`,
    param,
  );
}

/**
 * A small file can be an image that takes gigabytes once it is decoded.
 * @throws AppError `invalid_reference`
 */
export function checkPixels(
  { width = 0, height = 0 }: CheckedReference,
  { kind, param }: Pick<MediaInput, 'kind' | 'param'>,
  settings: Settings,
): void {
  const most = settings['reference.imagePixels'];
  if (kind !== 'image' || width * height <= most) return;
  const millions = (pixels: number) => Math.ceil(pixels / 10_000) / 100;
  throw invalid(
    `The image has ${width} × ${height} pixels, ${millions(width * height)} million; at most ${millions(most)} million are taken.`,
    param,
  );
}

export function mostBytesOf(kind: MediaInput['kind'], settings: Settings): number {
  return settings[kind === 'image' ? 'reference.imageBytes' : 'reference.videoBytes'];
}

const megabytes = (bytes: number) => Math.ceil((bytes / 1024 / 1024) * 100) / 100;

/** What people send by mistake, told apart so that they see it. */
function describeUnknown(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256))
    .toString('latin1')
    .trimStart();
  if (/^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<svg/is.test(start)) return 'an SVG drawing';
  if (/^<(!doctype html|html|head|body)/i.test(start)) return 'a web page';
  if (start.startsWith('%PDF')) return 'a PDF';
  if (/^.{4}ftyp(hei|mif|msf|avi)/s.test(start)) return 'an HEIC or AVIF image';
  if (/^BM/.test(start)) return 'a BMP image';
  if (/^(II\*\0|MM\0\*)/.test(start)) return 'a TIFF image';
  return 'a file of unknown type';
}

function invalid(message: string, param: string): AppError {
  return new AppError('invalid_reference', message, { param });
}
