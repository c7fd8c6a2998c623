/** What bytes really are. Names, content types and data URIs are only somebody's word for it. */

export type MediaType =
  | 'image/png'
  | 'image/jpeg'
  | 'image/webp'
  | 'image/gif'
  | 'video/mp4'
  | 'video/quicktime'
  | 'video/webm';

/** Bytes from the beginning that are enough to tell. */
export const sniffLength = 256;

/** Undefined for everything that is none of these, among them SVG, HEIC, AVIF, sound alone and Matroska that is not WebM. */
export function sniffMedia(start: Uint8Array): MediaType | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, Math.min(start.byteLength, sniffLength));
  if (bytes.subarray(0, 8).equals(PNG)) return 'image/png';
  if (bytes.subarray(0, 3).equals(JPEG)) return 'image/jpeg';
  if (isAt(bytes, 0, 'GIF87a') || isAt(bytes, 0, 'GIF89a')) return 'image/gif';
  if (isAt(bytes, 0, 'RIFF') && isAt(bytes, 8, 'WEBP')) return 'image/webp';
  if (bytes.subarray(0, 4).equals(EBML)) return documentType(bytes) === 'webm' ? 'video/webm' : undefined;
  return sniffIsoMedia(bytes);
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const EBML = Buffer.from([0x1a, 0x45, 0xdf, 0xa3]);
const DOCUMENT_TYPE = 0x4282;

/** Still pictures, sound alone and phones' 3GP; they may name MP4 brands beside their own. */
const OTHER_BRAND = /^(hei[cmsx]|hev[cmsx]|mif[12]|msf1|avi[fs]|jp2 |jpm |jpx |crx |M4[ABP] |3g..)$/;
const MP4_BRAND = /^(isom|iso[2-9a-c]|mp4[12v]|avc1|hvc1|hev1|av01|dash|msnv|m4v |f4v )$/i;
/** QuickTime files of before `ftyp` begin with one of these. */
const OLD_QUICKTIME = /^(moov|mdat|wide)$/;

function sniffIsoMedia(bytes: Buffer): MediaType | undefined {
  const type = bytes.toString('latin1', 4, 8);
  if (OLD_QUICKTIME.test(type)) return 'video/quicktime';
  if (type !== 'ftyp' || bytes.length < 16) return undefined;
  const brand = bytes.toString('latin1', 8, 12);
  if (brand === 'qt  ') return 'video/quicktime';
  if (OTHER_BRAND.test(brand)) return undefined;
  const compatible = bytes.toString('latin1', 16, bytes.readUInt32BE(0)).match(/.{4}/gs) ?? [];
  return [brand, ...compatible].some((name) => MP4_BRAND.test(name)) ? 'video/mp4' : undefined;
}

/** The name in the EBML header, whose elements are an id, a size and content, the first two with their length in their leading bits. */
function documentType(bytes: Buffer): string | undefined {
  let at = EBML.length + vintLength(bytes[EBML.length]);
  while (at < bytes.length) {
    const idLength = vintLength(bytes[at]);
    const sizeLength = vintLength(bytes[at + idLength]);
    const contentAt = at + idLength + sizeLength;
    if (idLength > 4 || contentAt > bytes.length) return undefined;
    const size = readVint(bytes, at + idLength, sizeLength);
    if (idLength === 2 && bytes.readUInt16BE(at) === DOCUMENT_TYPE) {
      return bytes.toString('latin1', contentAt, contentAt + size).replace(/\0+$/, '');
    }
    at = contentAt + size;
  }
  return undefined;
}

/** 1 for 1xxxxxxx, 2 for 01xxxxxx and so on; 9 for a byte that begins nothing. */
function vintLength(first: number | undefined): number {
  return first === undefined ? 9 : Math.clz32(first) - 23;
}

function readVint(bytes: Buffer, at: number, length: number): number {
  let value = (bytes[at] ?? 0) & (0xff >> length);
  for (let i = 1; i < length; i += 1) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

function isAt(bytes: Buffer, at: number, text: string): boolean {
  return bytes.toString('latin1', at, at + text.length) === text;
}
