import { strictBody } from '../http/strict-body.js';
import { plainBody } from '../testing/start-simulator.js';
import { needsPro } from './accept-task.js';
import { fingerprint } from './fingerprint.js';
import { plainVideoSchema, planPlainVideo } from './plain-video.js';

const parse = (body: unknown) => strictBody(plainVideoSchema, body);
const plan = (changes: object = {}) => planPlainVideo(parse({ ...plainBody, ...changes }));

const picture = { kind: 'upload', upload_id: 'media_1' };

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
  ['two pictures', { inpaint_items: [picture, picture] }, '"inpaint_items"'],
  ['a picture without its id', { inpaint_items: [{ kind: 'upload' }] }, '"inpaint_items.0.upload_id"'],
  ['a picture as images name theirs', { inpaint_items: [{ ...picture, upload_media_id: 'm' }] }, 'Unknown parameter'],
])('refuses %s', (_, changes, message) => {
  expect(() => parse({ ...plainBody, ...changes })).toThrow(message);
});

test.each([undefined, null, 'text', [], 7])('refuses %j as a body', (body) => {
  expect(() => parse(body)).toThrow('body');
});

test('only the large model and 25 seconds need the Pro plan', () => {
  expect(needsPro(plan())).toBe(false);
  expect(needsPro(plan({ n_frames: 750 }))).toBe(true);
  expect(needsPro(plan({ model: 'sy_ore' }))).toBe(true);
});

test('a prompt may be blank where there is a picture', () => {
  expect(parse({ ...plainBody, prompt: '', inpaint_items: [picture] })).toMatchObject({ prompt: '' });
});

test('the fingerprint depends on what a body says, not on how it is written', () => {
  const same = (mediaId: string) => mediaId;
  const reversed = Object.fromEntries(Object.entries(plainBody).reverse());
  expect(fingerprint({ ...plan(), body: reversed }, same)).toBe(fingerprint(plan(), same));
  expect(fingerprint(plan({ prompt: 'Another' }), same)).not.toBe(fingerprint(plan(), same));
});

test('the fingerprint is the same for the same picture, though it was uploaded twice', () => {
  const uploaded = (upload_id: string) => plan({ inpaint_items: [{ ...picture, upload_id }] });
  const sha256 = () => 'the bytes of it';
  expect(fingerprint(uploaded('media_1'), sha256)).toBe(fingerprint(uploaded('media_2'), sha256));
  expect(fingerprint(uploaded('media_1'), (id) => id)).not.toBe(fingerprint(uploaded('media_2'), (id) => id));
});
