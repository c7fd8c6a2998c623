import { box, fullBox, text, uint16, uint32, zeros } from './box.js';

export interface VideoTrack {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly sequenceParameters: Uint8Array;
  readonly pictureParameters: Uint8Array;
  /** One NAL unit per frame; the first is a key frame, the others are not. */
  readonly frames: readonly Uint8Array[];
}

const UNITY_MATRIX = uint32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const UNDETERMINED_LANGUAGE = 0x55c4;
const DOTS_PER_INCH_72 = 0x480000;

/** An MP4 file with one video track; the index stands before the data, so that a player can start while it still loads. */
export function mp4File(track: VideoTrack): Buffer {
  const samples = track.frames.map((frame) => Buffer.concat([uint32(frame.length), frame]));
  const fileType = box('ftyp', text('isom'), uint32(512), text('isomiso2avc1mp41'));
  const sizes = samples.map((sample) => sample.length);
  // The index holds the place of the data, whose place depends on the index's size, which does not depend on the place.
  const dataStart = fileType.length + movie(track, sizes, 0).length + 8;
  return Buffer.concat([fileType, movie(track, sizes, dataStart), box('mdat', samples)]);
}

function movie(track: VideoTrack, sizes: readonly number[], dataStart: number): Uint8Array {
  // One tick per frame.
  const duration = track.frames.length;
  const header = fullBox(
    'mvhd',
    0,
    uint32(0, 0, track.framesPerSecond, duration, 0x10000),
    uint16(0x100),
    zeros(10),
    UNITY_MATRIX,
    zeros(24),
    uint32(2),
  );
  return box('moov', header, trackBox(track, duration, sizes, dataStart));
}

function trackBox(track: VideoTrack, duration: number, sizes: readonly number[], dataStart: number): Uint8Array {
  const isEnabledAndInMovie = 3;
  const header = fullBox(
    'tkhd',
    isEnabledAndInMovie,
    uint32(0, 0, 1, 0, duration),
    zeros(16),
    UNITY_MATRIX,
    uint32(track.width << 16, track.height << 16),
  );
  return box('trak', header, media(track, duration, sizes, dataStart));
}

function media(track: VideoTrack, duration: number, sizes: readonly number[], dataStart: number): Uint8Array {
  const dataIsInThisFile = fullBox('url ', 1);
  return box(
    'mdia',
    fullBox('mdhd', 0, uint32(0, 0, track.framesPerSecond, duration), uint16(UNDETERMINED_LANGUAGE, 0)),
    fullBox('hdlr', 0, uint32(0), text('vide'), zeros(12), text('VideoHandler\0')),
    box(
      'minf',
      fullBox('vmhd', 1, zeros(8)),
      box('dinf', fullBox('dref', 0, uint32(1), dataIsInThisFile)),
      sampleTable(track, duration, sizes, dataStart),
    ),
  );
}

function sampleTable(track: VideoTrack, count: number, sizes: readonly number[], dataStart: number): Uint8Array {
  return box(
    'stbl',
    fullBox('stsd', 0, uint32(1), sampleEntry(track)),
    fullBox('stts', 0, uint32(1, count, 1)),
    fullBox('stss', 0, uint32(1, 1)),
    fullBox('stsc', 0, uint32(1, 1, count, 1)),
    fullBox('stsz', 0, uint32(0, count, ...sizes)),
    fullBox('stco', 0, uint32(1, dataStart)),
  );
}

function sampleEntry(track: VideoTrack): Uint8Array {
  const { sequenceParameters: sequence, pictureParameters: picture } = track;
  const configuration = box(
    'avcC',
    // Version, then profile, compatibility and level as in the parameter set, then 4-byte lengths and one sequence set.
    Uint8Array.of(1, sequence[1]!, sequence[2]!, sequence[3]!, 0xff, 0xe1),
    uint16(sequence.length),
    sequence,
    Uint8Array.of(1),
    uint16(picture.length),
    picture,
  );
  return box(
    'avc1',
    zeros(6),
    uint16(1),
    zeros(16),
    uint16(track.width, track.height),
    uint32(DOTS_PER_INCH_72, DOTS_PER_INCH_72, 0),
    uint16(1),
    zeros(32),
    uint16(24, 0xffff),
    configuration,
  );
}
