/** The smallest file that passes for an MP4 with one video track: headers only, no picture. For tests. */

export interface TinyMp4 {
  width?: number;
  height?: number;
  durationMs?: number;
  /** Where the header stands; `last` is what encoders write that do not know the length beforehand. */
  header?: 'first' | 'last';
  mediaBytes?: number;
  /** 64-bit times and sizes. */
  isLong?: boolean;
}

export function tinyMp4(options: TinyMp4 = {}): Buffer {
  const {
    width = 640,
    height = 360,
    durationMs = 10_000,
    header = 'first',
    mediaBytes = 2_000,
    isLong = false,
  } = options;
  const moov = box('moov', [
    box('mvhd', [times(durationMs, isLong), Buffer.alloc(80)]),
    track('soun', 0, 0, durationMs, isLong),
    track('vide', width, height, durationMs, isLong),
  ]);
  const media = longBox('mdat', Buffer.alloc(mediaBytes, 7), isLong);
  const fileType = box('ftyp', [Buffer.from('isom\0\0\u0002\0isomavc1', 'latin1')]);
  return Buffer.concat(header === 'first' ? [fileType, moov, media] : [fileType, media, moov]);
}

function track(handler: string, width: number, height: number, durationMs: number, isLong: boolean): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width * 65_536, 0);
  size.writeUInt32BE(height * 65_536, 4);
  return box('trak', [
    box('tkhd', [Buffer.alloc(isLong ? 88 : 76), size]),
    box('mdia', [
      box('mdhd', [times(durationMs, isLong), Buffer.alloc(4)]),
      box('hdlr', [Buffer.alloc(8), Buffer.from(handler), Buffer.alloc(13)]),
    ]),
  ]);
}

/** Version and flags, creation, modification, time scale (600), duration. */
function times(durationMs: number, isLong: boolean): Buffer {
  const duration = Math.round((durationMs * 600) / 1_000);
  const bytes = Buffer.alloc(isLong ? 32 : 20);
  bytes.writeUInt8(isLong ? 1 : 0, 0);
  bytes.writeUInt32BE(600, isLong ? 20 : 12);
  if (isLong) bytes.writeBigUInt64BE(BigInt(duration), 24);
  else bytes.writeUInt32BE(duration, 16);
  return bytes;
}

function box(type: string, parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

function longBox(type: string, body: Buffer, isLong: boolean): Buffer {
  if (!isLong) return box(type, [body]);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(1, 0);
  head.write(type, 4, 'latin1');
  head.writeBigUInt64BE(BigInt(16 + body.length), 8);
  return Buffer.concat([head, body]);
}
