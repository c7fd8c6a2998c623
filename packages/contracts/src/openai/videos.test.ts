import type { MediaInput } from '../request/request-input.js';
import { FileId } from '../request/stored-upload.js';
import { createVideoSchema, inputOfVideo, UploadedFile } from './videos.js';

const landscape = { model: 'sora2-landscape-10s' };
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

test.each([
  ...[{ seconds: null }, { size: null }, { input_reference: null }, { input_reference: undefined }],
  ...[{ seconds: '' }, { size: '' }, { input_reference: '' }],
])('takes %j as left out', (body) => {
  expect(inputOf(body).input).toMatchObject({ asked: {}, media: [] });
});

const bytes = new Uint8Array([1, 2]);
test.each<[string, unknown, MediaInput['source'], string]>([
  ['an uploaded file', { file_id: 'file-1' }, new FileId('file-1'), 'input_reference.file_id'],
  ['a file', new UploadedFile('boat.png', bytes), bytes, 'input_reference'],
  ['an address', { image_url: 'https://example.com/a.png' }, 'https://example.com/a.png', 'input_reference.image_url'],
  [
    'an address beside a file id left out',
    { image_url: 'https://example.com/a.png', file_id: null },
    'https://example.com/a.png',
    'input_reference.image_url',
  ],
  [
    'a file id beside an empty address',
    { image_url: '', file_id: 'file-1' },
    new FileId('file-1'),
    'input_reference.file_id',
  ],
  ['a plain string', 'data:image/png;base64,AA==', 'data:image/png;base64,AA==', 'input_reference'],
])('takes a reference as %s', (_name, given, source, param) => {
  expect(inputOf({ input_reference: given }).input.media).toEqual([{ kind: 'image', source, param }]);
});

test.each([
  ['a model that does not exist', { model: 'sora-9' }, 'model_not_found', 'model'],
  ['a model that makes no video', { model: 'gpt-image' }, 'not_supported_by_model', 'model'],
  ['a length the model does not make', { model: 'sora2-portrait-15s', seconds: '12' }, 'invalid_value', 'seconds'],
  ['a length that is none', { seconds: 'long' }, 'invalid_value', 'seconds'],
  ['a length of nothing', { seconds: ' ' }, 'invalid_value', 'seconds'],
  ['a size that is none', { size: 'large' }, 'invalid_value', 'size'],
  ['a size of the other orientation', { ...landscape, size: '720x1280' }, 'invalid_value', 'size'],
  ['a size for an extension', { model: 'sora2-extension-10s', size: '720x1280' }, 'not_supported_by_model', 'size'],
  ['a file id that is none', { input_reference: { file_id: 7 } }, 'invalid_value', 'input_reference'],
  ['a reference that is none', { input_reference: 7 }, 'invalid_value', 'input_reference'],
  [
    'two references at once',
    { input_reference: { file_id: 'file-1', image_url: 'data:image/png;base64,AA==' } },
    'invalid_value',
    'input_reference',
  ],
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

describe("under OpenAI's names", () => {
  test.each<[object, string]>([
    [{}, 'sora2-landscape-10s'],
    [{ seconds: '12' }, 'sora2-landscape-15s'],
    [{ size: '720x1280' }, 'sora2-portrait-10s'],
    [{ model: 'sora-2' }, 'sora2-portrait-10s'],
    [{ model: 'sora-2', seconds: '4', size: '1280x720' }, 'sora2-landscape-10s'],
    [{ model: 'sora-2', seconds: 8.5, size: '480x832' }, 'sora2-portrait-10s'],
    [{ model: 'sora-2', seconds: '10' }, 'sora2-portrait-10s'],
    [{ model: 'sora-2', seconds: '10.5' }, 'sora2-portrait-15s'],
    [{ model: 'sora-2', seconds: 16, size: '1024x1024' }, 'sora2-landscape-25s'],
    [{ model: 'sora-2', size: '1792x1024' }, 'sora2-landscape-10s'],
    [{ model: 'sora-2-2025-10-06', seconds: '20' }, 'sora2-portrait-25s'],
    [{ model: 'sora-2-pro' }, 'sora2pro-portrait-10s'],
    [{ model: 'sora-2-pro', size: '1280x720', seconds: 12 }, 'sora2pro-landscape-15s'],
    [{ model: 'sora-2-pro', size: '1024x1792', seconds: 12 }, 'sora2pro-hd-portrait-15s'],
    [{ model: 'sora-2-pro', size: '1920x1080', seconds: 25 }, 'sora2pro-landscape-25s'],
  ])('%j is made by %s, and what was asked is remembered', (body, id) => {
    const { model, input } = inputOf(body);
    expect(model.id).toBe(id);
    const asked = Object.entries(body).map(([name, value]) => [name, String(value)]);
    expect(input.asked).toEqual(Object.fromEntries(asked));
  });

  test.each([
    ...[' ', '0', '-4', '1e3', 'ten', '4s', '0x10', 'NaN', '10000'].map((seconds) => ({ seconds })),
    ...[-1, 1e21].map((seconds) => ({ seconds })),
    ...[' ', 'x', '0x0', '1280', '1280x', 'x720', '1280*720', '1280x0', '-1280x720', '999999x1'].map((size) => ({
      size,
    })),
  ])('nonsense is refused: %j', (body) => {
    expect(() => inputOf({ model: 'sora-2', ...body })).toThrow(
      expect.objectContaining({ code: 'invalid_value', param: Object.keys(body)[0] }),
    );
  });
});

test('characters are named by where they stand', () => {
  expect(inputOf({ characters: [{ id: 'char_1' }, { id: 'char_2' }] }).input.characters).toEqual([
    { id: 'char_1', param: 'characters[0].id' },
    { id: 'char_2', param: 'characters[1].id' },
  ]);
  for (const characters of [[{ id: '1' }, { id: '2' }, { id: '3' }], ['char_1'], 'char_1', [{}]]) {
    expect(createVideoSchema.safeParse({ prompt: 'a', characters }).success).toBe(false);
  }
});

test('of too many characters it is said how many may be', () => {
  const characters = [{ id: '1' }, { id: '2' }, { id: '3' }];
  const { error } = createVideoSchema.safeParse({ prompt: 'a', characters });
  expect(error?.issues).toMatchObject([{ path: ['characters'], message: 'Send at most two characters' }]);
});
