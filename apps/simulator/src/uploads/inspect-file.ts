import sharp from 'sharp';
import { UpstreamError } from '../http/upstream-error.js';

export interface FileFacts {
  readonly contentType: string;
  readonly width: number | null;
  readonly height: number | null;
}

const LONGEST_SIDE = 8_192;
const signatures = [
  { contentType: 'image/png', at: 0, bytes: Buffer.from('89504e470d0a1a0a', 'hex') },
  { contentType: 'image/jpeg', at: 0, bytes: Buffer.from('ffd8ff', 'hex') },
  { contentType: 'image/webp', at: 8, bytes: Buffer.from('WEBP') },
] as const;

/** What a picture is, by its bytes: the name and the type that a client gave it count for nothing. Else a 400. */
export async function inspectPicture(content: Buffer): Promise<FileFacts> {
  const signature = signatures.find(({ at, bytes }) => content.subarray(at, at + bytes.length).equals(bytes));
  if (signature === undefined) throw refuse('must be a PNG, JPEG or WebP picture');
  const { width, height } = await decode(content);
  if (Math.max(width, height) > LONGEST_SIDE) {
    throw refuse(`is ${width}×${height}, but no side may be longer than ${LONGEST_SIDE} pixels`);
  }
  return { contentType: signature.contentType, width, height };
}

/** An MP4 begins with a box of its kind. */
export function inspectVideo(content: Buffer): FileFacts {
  if (content.toString('latin1', 4, 8) !== 'ftyp') throw refuse('must be an MP4 video');
  return { contentType: 'video/mp4', width: null, height: null };
}

/** Reads all of it, so that half a picture is known as such; the size is told before that is tried on a huge one. */
async function decode(content: Buffer): Promise<{ width: number; height: number }> {
  try {
    const { width, height } = await sharp(content).metadata();
    if (Math.max(width, height) <= LONGEST_SIDE) await sharp(content, { failOn: 'truncated' }).resize(8, 8).toBuffer();
    return { width, height };
  } catch {
    throw refuse('is a damaged picture');
  }
}

function refuse(message: string): UpstreamError {
  return new UpstreamError(400, 'invalid_value', `Invalid value for "file": ${message}`, 'file');
}
