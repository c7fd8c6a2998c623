import { probeMp4 } from './mp4.js';

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const u32 = (...values: number[]) =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    }),
  );

function box(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
}

interface Shape {
  handler?: string;
  /** Where the two chunks lie, from the beginning of the file. */
  offsets: [number, number];
  declaredUnits?: number;
}

/** Three samples of 10, 20 and 30 bytes in two chunks (two and one), 500 units of 1/1000 s each. */
function track({ handler = 'vide', offsets, declaredUnits = 1_500 }: Shape): Buffer {
  const entry = box('avc1', Buffer.alloc(24), u16(640), u16(360), Buffer.alloc(50));
  const samples = box(
    'stbl',
    box('stsd', u32(0, 1), entry),
    box('stts', u32(0, 1, 3, 500)),
    box('stss', u32(0, 1, 1)),
    box('stsc', u32(0, 2, 1, 2, 1, 2, 1, 1)),
    box('stsz', u32(0, 0, 3, 10, 20, 30)),
    box('stco', u32(0, 2, ...offsets)),
  );
  const media = box(
    'mdia',
    box('mdhd', u32(0, 0, 0, 1_000, declaredUnits, 0)),
    box('hdlr', u32(0, 0), Buffer.from(handler), u32(0, 0, 0)),
    box('minf', samples),
  );
  return box('trak', media);
}

const brand = box('ftyp', Buffer.from('isom'), u32(0));
const data = box('mdat', Buffer.alloc(60));

/** The media data first, the index behind it. */
function plainFile(shape: Partial<Shape> = {}): Buffer {
  const begin = brand.length + 8;
  return Buffer.concat([brand, data, box('moov', track({ offsets: [begin, begin + 30], ...shape }))]);
}

test('reads codec, size, duration and samples of the video track', () => {
  expect(probeMp4(plainFile())).toMatchObject({
    ...{ kind: 'video', codec: 'avc1', width: 640, height: 360, durationMs: 1_500 },
    ...{ sampleCount: 3, syncSampleCount: 1, isFastStart: false },
  });
});

test('sees when the index comes before the data', () => {
  const indexLength = box('moov', track({ offsets: [0, 0] })).length;
  const begin = brand.length + indexLength + 8;
  const index = box('moov', track({ offsets: [begin, begin + 30] }));
  expect(probeMp4(Buffer.concat([brand, index, data])).isFastStart).toBe(true);
});

test('refuses a file that was cut off', () => {
  const file = plainFile();
  expect(() => probeMp4(file.subarray(0, file.length - 1))).toThrow('box moov');
});

test('refuses an index that points outside the data', () => {
  expect(() => probeMp4(plainFile({ offsets: [24, 60] }))).toThrow('outside the media data');
});

test('refuses a header whose duration is not that of the samples', () => {
  expect(() => probeMp4(plainFile({ declaredUnits: 10_000 }))).toThrow('the samples last 1500');
});

test('refuses a file without a video', () => {
  expect(() => probeMp4(plainFile({ handler: 'soun' }))).toThrow('expected one video track, found 0');
});

test('refuses what is no MP4', () => {
  expect(() => probeMp4(Buffer.from('{"error":{"message":"not found"}}'))).toThrow(/./);
  expect(() => probeMp4(Buffer.alloc(0))).toThrow('not an MP4');
});
