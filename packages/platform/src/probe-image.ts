/** How large a picture is, read from its headers alone: nothing is decoded, so that no bomb goes off. */
import { sniffMedia } from './sniff-media.js';

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Of a PNG, JPEG or WebP; undefined for anything else and for one that is broken or cut off before its size. */
export function probeImage(content: Uint8Array): ImageSize | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const size = readers[sniffMedia(bytes) ?? '']?.(bytes);
  return size && size.width > 0 && size.height > 0 ? size : undefined;
}

const readers: Readonly<Record<string, (bytes: Buffer) => ImageSize | undefined>> = {
  'image/png': readPng,
  'image/jpeg': readJpeg,
  'image/webp': readWebp,
};

/** The first chunk is IHDR, always. */
function readPng(bytes: Buffer): ImageSize | undefined {
  if (bytes.length < 33 || bytes.readUInt32BE(8) !== 13 || bytes.toString('latin1', 12, 16) !== 'IHDR')
    return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Segments up to the first start of frame; that of a thumbnail lies inside a segment and is passed over with it. */
function readJpeg(bytes: Buffer): ImageSize | undefined {
  let at = 2;
  while (at + 9 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) at += 1;
    else if (isStandalone(marker)) at += 2;
    else if (isStartOfFrame(marker)) {
      return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    } else {
      const length = bytes.readUInt16BE(at + 2);
      if (length < 2 || marker === 0xda || marker === 0xd9) return undefined;
      at += 2 + length;
    }
  }
  return undefined;
}

const isStandalone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

/** SOF0 to SOF15, among which lie the tables DHT, JPG and DAC. */
const isStartOfFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

function readWebp(bytes: Buffer): ImageSize | undefined {
  if (bytes.length < 30) return undefined;
  const kind = bytes.toString('latin1', 12, 16);
  if (kind === 'VP8X') return { width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3) };
  if (kind === 'VP8L' && bytes[20] === 0x2f) {
    const bits = bytes.readUInt32LE(21);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
  }
  const isKeyFrame = kind === 'VP8 ' && ((bytes[20] ?? 1) & 1) === 0 && bytes.readUIntBE(23, 3) === 0x9d012a;
  // Two bits of each are how to scale it.
  return isKeyFrame ? { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff } : undefined;
}
