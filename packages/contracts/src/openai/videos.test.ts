import { generationRequestSchema } from '../generation-request.js';
import { models } from '../models.js';
import { createVideoSchema, requestOfModel, requestOfVideo } from './videos.js';

const request = (body: object) => requestOfVideo(createVideoSchema.parse({ prompt: 'a fox', ...body }));

test('a prompt alone makes the shortest landscape video', () => {
  expect(request({})).toEqual({
    kind: 'video',
    model: 'sora2-landscape-10s',
    prompt: 'a fox',
    orientation: 'landscape',
    seconds: 10,
    frames: 300,
    upstream: { model: 'sy_8', size: 'small' },
  });
});

test('the domain command of every model can be stored and read back', () => {
  for (const model of models) {
    const command = requestOfModel(model, 'a fox', { size: '1280x720' });
    expect(generationRequestSchema.parse(JSON.parse(JSON.stringify(command)))).toEqual(command);
  }
});

test.each([
  ['seconds as multipart sends them', { seconds: '10' }, { seconds: '10' }],
  ['seconds as a number', { seconds: 10 }, { seconds: '10' }],
  ['a size of the right orientation', { size: '1280x720' }, { size: '1280x720' }],
  ['a square, which counts as landscape', { size: '720x720' }, { size: '720x720' }],
])('takes %s and remembers what was asked', (_name, body, asked) => {
  expect(request(body)).toMatchObject({ seconds: 10, frames: 300, asked });
});

test.each([{ seconds: null }, { size: null }, { input_reference: null }, { input_reference: undefined }])(
  'takes %j as left out',
  (body) => {
    expect(request(body)).not.toHaveProperty('asked');
  },
);

test.each([
  ['a model that does not exist', { model: 'sora-2' }, 'model_not_found', 'model'],
  ['a length the model does not make', { seconds: '12' }, 'invalid_value', 'seconds'],
  ['a length that is none', { seconds: 'long' }, 'invalid_value', 'seconds'],
  ['an empty length', { seconds: '' }, 'invalid_value', 'seconds'],
  ['a size that is none', { size: 'large' }, 'invalid_value', 'size'],
  ['a size of the other orientation', { size: '720x1280' }, 'invalid_value', 'size'],
  ['a reference', { input_reference: 'file' }, 'not_supported_by_model', 'input_reference'],
])('refuses %s with a reason', (_name, body, code, param) => {
  expect(() => request(body)).toThrow(expect.objectContaining({ code, param }));
});

test.each([
  ['no prompt', {}],
  ['an empty prompt', { prompt: ' \n' }],
  ['a prompt that is no text', { prompt: 7 }],
  ['an empty model', { prompt: 'a', model: '' }],
  ['seconds as a list', { prompt: 'a', seconds: [10] }],
])('does not read a body with %s', (_name, body) => {
  expect(createVideoSchema.safeParse(body).success).toBe(false);
});
