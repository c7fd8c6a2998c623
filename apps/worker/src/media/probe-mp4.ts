/** Reads width, height and duration from the header of an MP4 file (ISO/IEC 14496-12), without decoding and without loading the media. */

export interface VideoFacts {
  width: number;
  height: number;
  durationMs: number;
}

/** Bytes `start` to `start + length` of the file; fewer at its end. */
export type ReadBytes = (start: number, length: number) => Promise<Buffer>;

/** The file is not an MP4 with a video track that says how large and how long it is. */
export class NotAVideo extends Error {
  override readonly name = 'NotAVideo';
}

/** Headers of minutes of video are some hundred kilobytes; a larger one is not a header. */
const largestHeader = 16 * 1024 * 1024;

/** @throws NotAVideo */
export async function probeMp4(read: ReadBytes, sizeBytes: number): Promise<VideoFacts> {
  let position = 0;
  while (position + 8 <= sizeBytes) {
    const box = readBoxHeader(await read(position, 16), 0, sizeBytes - position);
    if (!box) break;
    if (box.type === 'moov') {
      if (box.size > largestHeader) throw new NotAVideo('the header of the video is too large');
      const moov = await read(position + box.headerSize, box.size - box.headerSize);
      if (moov.length < box.size - box.headerSize) break;
      return readMovie(moov);
    }
    position += box.size;
  }
  throw new NotAVideo('the file has no complete MP4 header');
}

/** The first box of an MP4 names its brand; nothing else begins like that. Twelve bytes are enough to tell. */
export function looksLikeMp4(start: Uint8Array): boolean {
  return start.length >= 12 && Buffer.from(start.subarray(4, 8)).toString('latin1') === 'ftyp';
}

interface Box {
  type: string;
  size: number;
  headerSize: number;
}

/** Undefined when there is no whole box of this parent's `available` bytes. */
function readBoxHeader(bytes: Buffer, at: number, available: number): Box | undefined {
  if (at + 8 > bytes.length) return undefined;
  const shortSize = bytes.readUInt32BE(at);
  const type = bytes.toString('latin1', at + 4, at + 8);
  // 1: a 64-bit size follows; 0: up to the end.
  if (shortSize === 1) {
    if (at + 16 > bytes.length) return undefined;
    const size = Number(bytes.readBigUInt64BE(at + 8));
    return size >= 16 && size <= available ? { type, size, headerSize: 16 } : undefined;
  }
  const size = shortSize === 0 ? available : shortSize;
  return size >= 8 && size <= available ? { type, size, headerSize: 8 } : undefined;
}

function* childrenOf(bytes: Buffer): Generator<{ type: string; body: Buffer }> {
  let at = 0;
  while (at < bytes.length) {
    const box = readBoxHeader(bytes, at, bytes.length - at);
    if (!box) return;
    yield { type: box.type, body: bytes.subarray(at + box.headerSize, at + box.size) };
    at += box.size;
  }
}

function findChild(bytes: Buffer, ...path: string[]): Buffer | undefined {
  let current: Buffer | undefined = bytes;
  for (const type of path) {
    if (!current) return undefined;
    current = [...childrenOf(current)].find((child) => child.type === type)?.body;
  }
  return current;
}

function readMovie(moov: Buffer): VideoFacts {
  for (const { type, body } of childrenOf(moov)) {
    if (type !== 'trak' || handlerOf(body) !== 'vide') continue;
    const size = readTrackSize(findChild(body, 'tkhd'));
    // The track's own clock is exact; the movie's is a fall-back for writers that leave the first at zero.
    const durationMs = readDuration(findChild(body, 'mdia', 'mdhd')) || readDuration(findChild(moov, 'mvhd'));
    if (size && durationMs > 0) return { ...size, durationMs };
  }
  throw new NotAVideo('the file has no video track of a known size and length');
}

/** `hdlr`: version and flags (4), reserved (4), then the kind of track. */
function handlerOf(trak: Buffer): string | undefined {
  const handler = findChild(trak, 'mdia', 'hdlr');
  return handler && handler.length >= 12 ? handler.toString('latin1', 8, 12) : undefined;
}

/** The last two fields of `tkhd`: width and height as 16.16 fixed point. */
function readTrackSize(tkhd: Buffer | undefined): { width: number; height: number } | undefined {
  if (!tkhd || tkhd.length < 84) return undefined;
  const width = Math.round(tkhd.readUInt32BE(tkhd.length - 8) / 65_536);
  const height = Math.round(tkhd.readUInt32BE(tkhd.length - 4) / 65_536);
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** `mdhd` and `mvhd` begin alike: version and flags, two times, time scale, duration; 64-bit times in version 1. 0 when unknown. */
function readDuration(header: Buffer | undefined): number {
  if (!header || header.length < 20) return 0;
  const isLong = header.readUInt8(0) === 1;
  if (isLong && header.length < 32) return 0;
  const timeScale = header.readUInt32BE(isLong ? 20 : 12);
  const duration = isLong ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  return timeScale > 0 ? Math.round((duration / timeScale) * 1_000) : 0;
}
