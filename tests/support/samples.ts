/** Small real files for requests. */
import sharp from 'sharp';

export type ImageFormat = 'png' | 'jpeg' | 'webp';

export function sampleImage(format: ImageFormat, { width = 64, height = 48 } = {}): Promise<Buffer> {
  const picture = sharp({ create: { width, height, channels: 3, background: { r: 200, g: 120, b: 40 } } });
  return picture[format]().toBuffer();
}

export function dataUri(contentType: string, bytes: Uint8Array): string {
  return `data:${contentType};base64,${Buffer.from(bytes).toString('base64')}`;
}
