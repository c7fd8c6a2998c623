/** The forms in which results are delivered, told from the bytes themselves. */
import { sniffMedia } from '@reelay/platform/sniff-media';
import { looksLikeMp4 } from './probe-mp4.js';

export interface MediaForm {
  kind: 'video' | 'image';
  contentType: string;
  extension: string;
}

const mp4: MediaForm = { kind: 'video', contentType: 'video/mp4', extension: 'mp4' };
const pictures: readonly MediaForm[] = [
  { kind: 'image', contentType: 'image/png', extension: 'png' },
  { kind: 'image', contentType: 'image/jpeg', extension: 'jpg' },
  { kind: 'image', contentType: 'image/webp', extension: 'webp' },
];
export const mediaForms: readonly MediaForm[] = [mp4, ...pictures];

/** Undefined for everything else. A brand that nobody has heard of makes no less of a video of an MP4. */
export function recognise(start: Uint8Array): MediaForm | undefined {
  const type = sniffMedia(start);
  const picture = pictures.find((form) => form.contentType === type);
  if (picture) return picture;
  return looksLikeMp4(start) ? mp4 : undefined;
}
