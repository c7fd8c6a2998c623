import { laneKey } from '@reelay/contracts/lane';
import { getModel, laneOfModel, models } from '@reelay/contracts/models';
import { modelObjectOf } from './model-object.js';

const describeModel = (id: string) => modelObjectOf(getModel(id), []);

test('a video model says all that it can do', () => {
  expect(describeModel('sora2pro-hd-portrait-15s')).toEqual({
    id: 'sora2pro-hd-portrait-15s',
    object: 'model',
    created: 1_768_953_600,
    owned_by: 'reelay',
    description: 'Video generation - portrait, 15 seconds, Pro HD',
    kind: 'video',
    workflow: 'video',
    orientation: 'portrait',
    size: '720x1280',
    seconds: 15,
    frames: 450,
    plan: 'pro',
    styles: ['festive', 'kakalaka', 'news', 'selfie', 'handheld', 'golden', 'anime', 'retro', 'nostalgic', 'comic'],
    references: { images: 1, videos: 1 },
    remix: true,
    storyboard: true,
    extends: false,
    enhance: null,
    simulated: false,
  });
});

test.each([
  ['gpt-image', { kind: 'image', size: '360x360', orientation: 'square', seconds: null, frames: 1 }],
  ['sora2-extension-10s', { kind: 'video', size: null, orientation: null, seconds: 10, frames: 300, extends: true }],
  ['prompt-enhance-long-20s', { kind: 'enhance', size: null, seconds: null, enhance: { level: 'long', seconds: 20 } }],
  ['avatar-create', { kind: 'character', orientation: null, frames: null, references: { images: 0, videos: 1 } }],
])('%s says what it has and null for what it has not', (id, fields) => {
  expect(describeModel(id)).toMatchObject(fields);
});

test('every model has the same keys, in JSON too', () => {
  const keysOf = (value: object) => Object.keys(JSON.parse(JSON.stringify(value))).sort();
  const keys = keysOf(describeModel('gpt-image'));
  for (const model of models) expect(keysOf(modelObjectOf(model, []))).toEqual(keys);
});

test.each([
  ['only simulated accounts', { tokens: 2, simulated: 2 }, true],
  ['a real account among them', { tokens: 2, simulated: 1 }, false],
  ['no account', { tokens: 0, simulated: 0 }, false],
])('is marked as simulated by the pool that could serve it: %s', (_name, pool, simulated) => {
  const model = getModel('gpt-image');
  const other = { lane: laneKey(laneOfModel(getModel('avatar-create'))), tokens: 1, simulated: simulated ? 0 : 1 };
  expect(modelObjectOf(model, [other, { lane: laneKey(laneOfModel(model)), ...pool }])).toMatchObject({ simulated });
});
