import { strictBody } from '../http/strict-body.js';
import { plainBody } from '../testing/start-simulator.js';
import { fingerprint, needsPro, plainVideoSchema } from './plain-video.js';

const parse = (body: unknown) => strictBody(plainVideoSchema, body);

test('accepts the body of the protocol, and each of its variants', () => {
  expect(parse(plainBody)).toEqual(plainBody);
  for (const n_frames of [300, 450, 750]) expect(parse({ ...plainBody, n_frames })).toMatchObject({ n_frames });
  for (const n_frames of [300, 450]) {
    expect(parse({ ...plainBody, n_frames, model: 'sy_ore', size: 'large' })).toMatchObject({ n_frames });
  }
  expect(parse({ ...plainBody, style_id: 'anime', orientation: 'portrait' })).toMatchObject({ style_id: 'anime' });
});

test.each(Object.keys(plainBody))('refuses a body without "%s"', (key) => {
  const { [key as keyof typeof plainBody]: _, ...rest } = plainBody;
  expect(() => parse(rest)).toThrow(`Missing required parameter: "${key}"`);
});

test.each([
  ['an unknown key', { seconds: 10 }, 'Unknown parameter: "seconds"'],
  ['a key of the remix body', { remix_target_id: null }, 'Unknown parameter'],
  ['a blank prompt', { prompt: ' \n' }, '"prompt"'],
  ['a prompt that is no text', { prompt: 5 }, '"prompt"'],
  ['another kind', { kind: 'image' }, '"kind"'],
  ['an orientation that does not exist', { orientation: 'square' }, '"orientation"'],
  ['frames as text', { n_frames: '300' }, '"n_frames"'],
  ['frames that do not exist', { n_frames: 301 }, '"n_frames"'],
  ['a model that does not exist', { model: 'sora-2' }, '"model"'],
  ['the large size of the small model', { size: 'large' }, '"size"'],
  ['25 seconds in the large size', { size: 'large', model: 'sy_ore', n_frames: 750 }, '"n_frames"'],
  ['a style that does not exist', { style_id: 'cubist' }, '"style_id"'],
  ['an empty style', { style_id: '' }, '"style_id"'],
  ['an upload that nobody made', { inpaint_items: [{ kind: 'upload', upload_id: 'media_1' }] }, '"inpaint_items"'],
])('refuses %s', (_, changes, message) => {
  expect(() => parse({ ...plainBody, ...changes })).toThrow(message);
});

test.each([undefined, null, 'text', [], 7])('refuses %j as a body', (body) => {
  expect(() => parse(body)).toThrow('body');
});

test('only the large model and 25 seconds need the Pro plan', () => {
  expect(needsPro(parse(plainBody))).toBe(false);
  expect(needsPro(parse({ ...plainBody, n_frames: 750 }))).toBe(true);
  expect(needsPro(parse({ ...plainBody, model: 'sy_ore' }))).toBe(true);
});

test('the fingerprint depends on what a body says, not on how it is written', () => {
  const reversed = Object.fromEntries(Object.entries(plainBody).reverse());
  expect(fingerprint(reversed)).toBe(fingerprint(plainBody));
  expect(fingerprint({ ...plainBody, prompt: 'Another' })).not.toBe(fingerprint(plainBody));
});
