import fc from 'fast-check';
import { type TinyMp4, tinyMp4 } from '../testing/tiny-mp4.js';
import { looksLikeMp4, NotAVideo, probeMp4 } from './probe-mp4.js';

const probe = (file: Buffer) => probeMp4(async (start, length) => file.subarray(start, start + length), file.length);

describe('the header of a video', () => {
  it.each<[string, TinyMp4]>([
    ['at the beginning', {}],
    ['at the end', { header: 'last' }],
    ['with 64-bit sizes and times', { isLong: true }],
    ['at the end, with 64-bit sizes and times', { header: 'last', isLong: true }],
  ])('is found %s', async (_name, shape) => {
    const facts = { width: 360, height: 640, durationMs: 15_000 };
    expect(await probe(tinyMp4({ ...shape, ...facts }))).toEqual(facts);
  });

  it('is read without the media around it', async () => {
    const file = tinyMp4({ header: 'last', mediaBytes: 5_000_000 });
    let readBytes = 0;
    await probeMp4(async (start, length) => {
      readBytes += length;
      return file.subarray(start, start + length);
    }, file.length);
    expect(readBytes).toBeLessThan(5_000);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['text', Buffer.from('<html><body>Forbidden</body></html>')],
    ['a file that was cut in its header', tinyMp4().subarray(0, 200)],
    ['a file that was cut before its header', tinyMp4({ header: 'last' }).subarray(0, 1_000)],
    ['a video of no length', tinyMp4({ durationMs: 0 })],
    ['a video of no size', tinyMp4({ width: 0 })],
  ])('is missed in %s', async (_name, file) => {
    await expect(probe(file)).rejects.toThrow(NotAVideo);
  });

  it('that is damaged is told or refused, never anything else', async () => {
    const whole = tinyMp4({ mediaBytes: 10 });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, value, cut) => {
        const file = Buffer.from(whole);
        file[at] = value;
        const result = await probe(file.subarray(0, cut)).catch((error: unknown) => error);
        if (!(result instanceof NotAVideo)) expect(result).toMatchObject({ width: expect.any(Number) });
      }),
    );
  });
});

it('the beginning of an MP4 is told from anything else', () => {
  expect(looksLikeMp4(tinyMp4())).toBe(true);
  expect(looksLikeMp4(tinyMp4().subarray(0, 11))).toBe(false);
  expect(looksLikeMp4(Buffer.from('<!doctype html><html>'))).toBe(false);
});
