/** What a player would read from an MP4 file; written for tests, from the format's description and not from the writer. */
export interface ParsedVideo {
  readonly boxes: readonly string[];
  readonly durationSeconds: number;
  readonly width: number;
  readonly height: number;
  readonly codec: string;
  readonly samples: readonly Buffer[];
  readonly sequenceParameters: Buffer;
}

export function parseMp4(file: Buffer): ParsedVideo {
  const top = children(file);
  const movie = find(file, 'moov');
  const track = find(movie, 'trak');
  const media = find(track, 'mdia');
  const table = find(find(media, 'minf'), 'stbl');
  const mediaHeader = find(media, 'mdhd');
  const trackHeader = find(track, 'tkhd');
  const entry = find(table, 'stsd').subarray(8);
  const configuration = find(entry.subarray(8 + 78), 'avcC');
  return {
    boxes: top.map(({ type }) => type),
    durationSeconds: mediaHeader.readUInt32BE(16) / mediaHeader.readUInt32BE(12),
    width: trackHeader.readUInt32BE(76) / 65536,
    height: trackHeader.readUInt32BE(80) / 65536,
    codec: entry.toString('latin1', 4, 8),
    samples: readSamples(file, table),
    sequenceParameters: configuration.subarray(8, 8 + configuration.readUInt16BE(6)),
  };
}

/** Splits a sample into its NAL units, each behind a length of four bytes. */
export function nalUnits(sample: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at < sample.length; ) {
    const length = sample.readUInt32BE(at);
    units.push(sample.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return units;
}

function readSamples(file: Buffer, table: Buffer): Buffer[] {
  const sizes = find(table, 'stsz');
  let at = find(table, 'stco').readUInt32BE(8);
  return Array.from({ length: sizes.readUInt32BE(8) }, (_, index) => {
    const size = sizes.readUInt32BE(12 + index * 4);
    at += size;
    return file.subarray(at - size, at);
  });
}

function find(parent: Buffer, type: string): Buffer {
  const child = children(parent).find((box) => box.type === type);
  if (!child) throw new Error(`There is no ${type} box`);
  return child.content;
}

function children(parent: Buffer): { type: string; content: Buffer }[] {
  const found: { type: string; content: Buffer }[] = [];
  for (let at = 0; at < parent.length; ) {
    const size = parent.readUInt32BE(at);
    found.push({ type: parent.toString('latin1', at + 4, at + 8), content: parent.subarray(at + 8, at + size) });
    at += size;
  }
  return found;
}
