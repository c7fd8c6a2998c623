import { createVideoSchema, inputOfVideo, UploadedFile } from './videos.js';

const inputOf = (body: object) => inputOfVideo(createVideoSchema.parse({ prompt: 'a fox', ...body }));

test('a prompt alone makes the shortest landscape video', () => {
  expect(inputOf({})).toEqual({
    model: expect.objectContaining({ id: 'sora2-landscape-10s' }) as object,
    input: { prompt: 'a fox', promptParam: 'prompt', media: [], asked: {} },
  });
});

test.each([
  ['seconds as multipart sends them', { seconds: '10' }, { seconds: '10' }],
  ['seconds as a number', { seconds: 10 }, { seconds: '10' }],
  ['a size of the right orientation', { size: '1280x720' }, { size: '1280x720' }],
  ['a square, which counts as landscape', { size: '720x720' }, { size: '720x720' }],
])('takes %s and remembers what was asked', (_name, body, asked) => {
  expect(inputOf(body).input.asked).toEqual(asked);
});

test.each([{ seconds: null }, { size: null }, { input_reference: null }, { input_reference: undefined }])(
  'takes %j as left out',
  (body) => {
    expect(inputOf(body).input).toMatchObject({ asked: {}, media: [] });
  },
);

const bytes = new Uint8Array([1, 2]);
test.each<[string, unknown, string | Uint8Array, string]>([
  ['a file', new UploadedFile('boat.png', bytes), bytes, 'input_reference'],
  ['an address', { image_url: 'https://example.com/a.png' }, 'https://example.com/a.png', 'input_reference.image_url'],
  ['a plain string', 'data:image/png;base64,AA==', 'data:image/png;base64,AA==', 'input_reference'],
])('takes a reference as %s', (_name, given, source, param) => {
  expect(inputOf({ input_reference: given }).input.media).toEqual([{ kind: 'image', source, param }]);
});

test.each([
  ['a model that does not exist', { model: 'sora-2' }, 'model_not_found', 'model'],
  ['a model that makes no video', { model: 'gpt-image' }, 'not_supported_by_model', 'model'],
  ['a length the model does not make', { seconds: '12' }, 'invalid_value', 'seconds'],
  ['a length that is none', { seconds: 'long' }, 'invalid_value', 'seconds'],
  ['an empty length', { seconds: '' }, 'invalid_value', 'seconds'],
  ['a size that is none', { size: 'large' }, 'invalid_value', 'size'],
  ['a size of the other orientation', { size: '720x1280' }, 'invalid_value', 'size'],
  ['a size for an extension', { model: 'sora2-extension-10s', size: '720x1280' }, 'not_supported_by_model', 'size'],
  ['a file kept elsewhere', { input_reference: { file_id: 'f' } }, 'unsupported_parameter', 'input_reference.file_id'],
  ['a reference that is none', { input_reference: 7 }, 'invalid_value', 'input_reference'],
])('refuses %s with a reason', (_name, body, code, param) => {
  expect(() => inputOf(body)).toThrow(expect.objectContaining({ code, param }));
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
