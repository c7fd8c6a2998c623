/** A reader of MP4 files that shares no code with the writer under test: what a player would find in the file. */

export interface Mp4Track {
  kind: 'video' | 'audio' | 'other';
  /** Four characters: `avc1` is H.264. */
  codec: string;
  /** Pixels, 0 for a track without a picture. */
  width: number;
  height: number;
  durationMs: number;
  sampleCount: number;
  /** The samples that can be decoded without another. */
  syncSampleCount: number;
}

/** The video track, and what concerns the whole file. */
export interface Mp4 extends Mp4Track {
  tracks: Mp4Track[];
  /** True when a player can begin before it has the whole file: the index precedes the data. */
  isFastStart: boolean;
}

interface Box {
  type: string;
  /** Offset of the box and of what follows it. */
  start: number;
  end: number;
  body: Buffer;
}

/** Throws a sentence that says what is wrong when the file is not a complete MP4 with exactly one video track. */
export function probeMp4(content: Uint8Array): Mp4 {
  const file = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const boxes = readBoxes(file);
  if (boxes[0]?.type !== 'ftyp') throw new Error('not an MP4: the file does not begin with an ftyp box');
  const index = child(boxes, 'moov');
  const data = child(boxes, 'mdat');
  const tracks = readBoxes(index.body)
    .filter(({ type }) => type === 'trak')
    .map(({ body }) => readTrack(body, file, data));
  const [video, ...more] = tracks.filter(({ kind }) => kind === 'video');
  if (!video || more.length > 0) throw new Error(`expected one video track, found ${video ? more.length + 1 : 0}`);
  return { ...video, tracks, isFastStart: index.start < data.start };
}

function readTrack(body: Buffer, file: Buffer, data: Box): Mp4Track {
  const media = readBoxes(child(readBoxes(body), 'mdia').body);
  const samples = readBoxes(child(readBoxes(child(media, 'minf').body), 'stbl').body);
  const handler = child(media, 'hdlr').body.toString('latin1', 8, 12);
  const entry = child(readBoxes(child(samples, 'stsd').body.subarray(8)), undefined);
  const isVideo = handler === 'vide';
  const sizes = sampleSizes(child(samples, 'stsz').body);
  checkChunks(samples, sizes, file, data);
  return {
    kind: isVideo ? 'video' : handler === 'soun' ? 'audio' : 'other',
    codec: entry.type,
    width: isVideo ? entry.body.readUInt16BE(24) : 0,
    height: isVideo ? entry.body.readUInt16BE(26) : 0,
    durationMs: trackDurationMs(child(media, 'mdhd').body, child(samples, 'stts').body, sizes.length),
    sampleCount: sizes.length,
    syncSampleCount: samples.find(({ type }) => type === 'stss')?.body.readUInt32BE(4) ?? sizes.length,
  };
}

/** From the samples' own durations; the number in the header has to agree. */
function trackDurationMs(header: Buffer, times: Buffer, sampleCount: number): number {
  const isLong = header[0] === 1;
  const timescale = header.readUInt32BE(isLong ? 20 : 12);
  const declared = isLong ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  let units = 0;
  let timed = 0;
  for (let i = 0; i < times.readUInt32BE(4); i += 1) {
    const count = times.readUInt32BE(8 + 8 * i);
    units += count * times.readUInt32BE(12 + 8 * i);
    timed += count;
  }
  if (timed !== sampleCount) throw new Error(`${sampleCount} samples have sizes and ${timed} have durations`);
  if (units !== declared) throw new Error(`the header says ${declared} time units, the samples last ${units}`);
  return Math.round((units * 1000) / timescale);
}

function sampleSizes(body: Buffer): number[] {
  const same = body.readUInt32BE(4);
  const count = body.readUInt32BE(8);
  return Array.from({ length: count }, (_, i) => same || body.readUInt32BE(12 + 4 * i));
}

/** Every sample must lie inside the data box: a file that was cut off still has a perfect index. */
function checkChunks(samples: Box[], sizes: number[], file: Buffer, data: Box): void {
  const perChunk = child(samples, 'stsc').body;
  const offsets = chunkOffsets(samples);
  let sample = 0;
  let run = -1;
  for (const [chunk, offset] of offsets.entries()) {
    if (run + 1 < perChunk.readUInt32BE(4) && perChunk.readUInt32BE(8 + 12 * (run + 1)) <= chunk + 1) run += 1;
    const count = perChunk.readUInt32BE(12 + 12 * run);
    const bytes = sizes.slice(sample, sample + count).reduce((sum, size) => sum + size, 0);
    if (offset < data.start + 8 || offset + bytes > Math.min(data.end, file.length)) {
      throw new Error(`chunk ${chunk + 1} (bytes ${offset} to ${offset + bytes}) lies outside the media data`);
    }
    sample += count;
  }
  if (sample !== sizes.length) throw new Error(`the chunks hold ${sample} samples of ${sizes.length}`);
}

function chunkOffsets(samples: Box[]): number[] {
  const short = samples.find(({ type }) => type === 'stco')?.body;
  if (short) return Array.from({ length: short.readUInt32BE(4) }, (_, i) => short.readUInt32BE(8 + 4 * i));
  const long = child(samples, 'co64').body;
  return Array.from({ length: long.readUInt32BE(4) }, (_, i) => Number(long.readBigUInt64BE(8 + 8 * i)));
}

function readBoxes(buffer: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let start = 0; start + 8 <= buffer.length; ) {
    const type = buffer.toString('latin1', start + 4, start + 8);
    const short = buffer.readUInt32BE(start);
    const header = short === 1 ? 16 : 8;
    // 1: the size follows in eight bytes; 0: the box goes on to the end.
    const size = short === 1 ? Number(buffer.readBigUInt64BE(start + 8)) : short || buffer.length - start;
    const end = start + size;
    if (size < header || end > buffer.length) {
      throw new Error(`box ${type} at byte ${start} says ${size} bytes, but ${buffer.length - start} are there`);
    }
    boxes.push({ type, start, end, body: buffer.subarray(start + header, end) });
    start = end;
  }
  return boxes;
}

function child(boxes: Box[], type: string | undefined): Box {
  const found = type === undefined ? boxes[0] : boxes.find((box) => box.type === type);
  if (!found) throw new Error(`the box ${type ?? 'of the codec'} is missing`);
  return found;
}
