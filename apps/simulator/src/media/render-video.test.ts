import { nalUnits, type ParsedVideo, parseMp4 } from '../testing/parse-mp4.js';
import { renderVideo, type VideoPlan } from './render-video.js';

const plan: VideoPlan = {
  seed: 'task_1',
  prompt: 'A red panda reads a newspaper',
  model: 'sy_8',
  orientation: 'landscape',
  size: 'small',
  frameCount: 300,
};

let video: ParsedVideo;

beforeAll(async () => {
  video = parseMp4(await renderVideo(plan));
});

test('10 seconds in landscape are 640×360 and 300 frames', () => {
  expect(video).toMatchObject({ width: 640, height: 360, codec: 'avc1', durationSeconds: 10 });
  expect(video.samples).toHaveLength(300);
});

test.each([
  ['portrait', 'small', 450, 360, 640],
  ['landscape', 'large', 300, 1280, 720],
  ['portrait', 'small', 750, 360, 640],
] as const)('a %s video in %s with %i frames is %i×%i and lasts exactly as long', async (...row) => {
  const [orientation, size, frameCount, width, height] = row;
  const other = parseMp4(await renderVideo({ ...plan, orientation, size, frameCount }));
  expect(other).toMatchObject({ width, height, codec: 'avc1', durationSeconds: frameCount / 30 });
  expect(other.samples).toHaveLength(frameCount);
});

test('the index comes before the data, so that a player can start at once', () => {
  expect(video.boxes).toEqual(['ftyp', 'moov', 'mdat']);
});

test('every sample is one slice: the first a key frame, the others not, and all of it H.264 constrained baseline', () => {
  const { samples, sequenceParameters } = video;
  const types = samples.map((sample) => nalUnits(sample).map((unit) => unit[0]! & 31));
  expect(types[0]).toEqual([5]);
  expect(types.slice(1).every((type) => type.length === 1 && type[0] === 1)).toBe(true);
  expect([...sequenceParameters.subarray(0, 4)]).toEqual([0x67, 66, 0xc0, 30]);
});

test('something moves in every other frame at least', () => {
  const { samples } = video;
  const still = samples.filter((sample) => sample.length < 16);
  expect(still.length).toBeLessThanOrEqual(samples.length / 2);
});

test('the same plan gives the same bytes; another prompt or task gives others', async () => {
  const short = { ...plan, frameCount: 30 };
  const first = await renderVideo(short);
  expect((await renderVideo(short)).equals(first)).toBe(true);
  expect((await renderVideo({ ...short, prompt: 'A blue panda' })).equals(first)).toBe(false);
  expect((await renderVideo({ ...short, seed: 'task_2' })).equals(first)).toBe(false);
});

test('a video stays small, whatever the prompt', async () => {
  const long = await renderVideo({ ...plan, prompt: 'W@#'.repeat(5_000), frameCount: 450 });
  expect(long.length).toBeLessThan(600_000);
});
