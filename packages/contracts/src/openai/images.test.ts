import { maximumPromptLength } from '../generation-request.js';
import { FileId } from '../request/stored-upload.js';
import { createImageSchema, editImageSchema, inputOfImage, inputOfImageEdit } from './images.js';
import { UploadedFile } from './videos.js';

const orderOf = (body: object = {}) => inputOfImage(createImageSchema.parse({ prompt: 'a fox', ...body }));
const editOf = (body: object) => inputOfImageEdit(editImageSchema.parse({ prompt: 'a fox', ...body }));
const file = new UploadedFile('upload', new Uint8Array([1, 2]));

test('a prompt alone makes one square image and answers its address', () => {
  expect(orderOf()).toEqual({
    model: expect.objectContaining({ id: 'gpt-image' }) as object,
    input: { prompt: 'a fox', promptParam: 'prompt', media: [], asked: {} },
    ...{ count: 1, form: 'url', isStreamed: false },
  });
});

test.each([
  ['1024x1024', 'gpt-image'],
  ['512x512', 'gpt-image'],
  ['1536x1024', 'gpt-image-landscape'],
  ['1792X1024', 'gpt-image-landscape'],
  ['3840x2160', 'gpt-image-landscape'],
  ['1024x1536', 'gpt-image-portrait'],
  ['1000x3000', 'gpt-image-portrait'],
  ['1200x1000', 'gpt-image'],
  ['1250x1000', 'gpt-image-landscape'],
  ['1000x1250', 'gpt-image-portrait'],
  ['auto', 'gpt-image'],
  [null, 'gpt-image'],
])('the size %s is made by %s, whatever name of OpenAI was asked', (size, id) => {
  for (const model of [undefined, null, 'gpt-image', 'gpt-image-2', 'dall-e-3', 'gpt-image-2.6-flare-2026-10-01']) {
    expect(orderOf({ model, size }).model.id).toBe(id);
  }
});

test('what was asked is remembered where it may differ from what is made', () => {
  expect(orderOf({ model: 'gpt-image-2', size: '1024x1536', n: 3 }).input.asked).toEqual({
    ...{ model: 'gpt-image-2', size: '1024x1536', n: '3' },
  });
  expect(orderOf({ model: 'gpt-image-landscape', size: '1536x1024', n: 1 }).input.asked).toEqual({ size: '1536x1024' });
});

test.each([
  [{}, 'url'],
  // By these clients read base64, an address, or whatever comes first.
  [{ model: 'gpt-image' }, 'both'],
  [{ model: 'gpt-image-portrait' }, 'both'],
  [{ model: 'gpt-image', response_format: 'url' }, 'url'],
  [{ model: 'dall-e-3' }, 'url'],
  // Code for these reads base64 and says so nowhere, because OpenAI's servers give nothing else.
  [{ model: 'gpt-image-2' }, 'b64_json_if_stored'],
  [{ model: 'chatgpt-image-latest', response_format: null }, 'b64_json_if_stored'],
  [{ model: 'gpt-image-2', response_format: 'url' }, 'url'],
  [{ response_format: 'b64_json' }, 'b64_json'],
])('%j is answered as %s', (body, form) => {
  expect(orderOf(body).form).toBe(form);
});

test('what is left empty counts as left out', () => {
  const { model, input, count } = orderOf({ size: '', n: '' });
  expect({ id: model.id, asked: input.asked, count }).toEqual({ id: 'gpt-image', asked: {}, count: 1 });
  expect(editOf({ image: file, mask: '', markup: '' }).input.media).toHaveLength(1);
});

test('numbers and truth are also read as the text that multipart makes of them', () => {
  expect(orderOf({ n: '2', stream: 'true' })).toMatchObject({ count: 2, isStreamed: true });
  expect(orderOf({ n: 10, stream: true })).toMatchObject({ count: 10, isStreamed: true });
  expect(orderOf({ n: null, stream: 'false' })).toMatchObject({ count: 1, isStreamed: false });
  expect(orderOf({ n: '2.0', stream: 'True' })).toMatchObject({ count: 2, isStreamed: true });
  expect(orderOf({ n: '1.0', stream: 'False' })).toMatchObject({ count: 1, isStreamed: false });
});

test.each<[string, object, string, string]>([
  ['a model that does not exist', { model: 'flux' }, 'model_not_found', 'model'],
  ['a model that makes no image', { model: 'sora2-landscape-10s' }, 'not_supported_by_model', 'model'],
  ['a size of another orientation', { model: 'gpt-image-portrait', size: '1x1' }, 'invalid_value', 'size'],
  ['a square of a portrait model', { model: 'gpt-image-portrait', size: '1024x1024' }, 'invalid_value', 'size'],
  ['a size in words', { size: 'large' }, 'invalid_value', 'size'],
  ['a ratio', { size: '16:9' }, 'invalid_value', 'size'],
  ['no pixels', { size: '0x1024' }, 'invalid_value', 'size'],
  ['more pixels than there are', { size: '99999x99999' }, 'invalid_value', 'size'],
  ['a thread', { size: '16x1024' }, 'invalid_value', 'size'],
  ['no image', { n: 0 }, 'invalid_value', 'n'],
  ['eleven images', { n: '11' }, 'invalid_value', 'n'],
  ['half an image', { n: 1.5 }, 'invalid_value', 'n'],
  ['half an image as text', { n: '1.5' }, 'invalid_value', 'n'],
  ['a word for a number', { n: 'two' }, 'invalid_value', 'n'],
  ['a book', { prompt: 'x'.repeat(maximumPromptLength + 1) }, 'invalid_value', 'prompt'],
])('refuses %s by its name', (_name, body, code, param) => {
  expect(() => orderOf(body)).toThrow(expect.objectContaining({ code, param }));
});

test.each([{ prompt: ' ' }, { prompt: 7 }, { model: '' }, { n: [] }, { response_format: 'jpg' }, { stream: 'yes' }])(
  'does not read a body with %j',
  (body) => {
    expect(createImageSchema.safeParse({ prompt: 'a fox', ...body }).success).toBe(false);
  },
);

test.each<[string, object, [unknown, string][]]>([
  ['one file', { image: file }, [[file.bytes, 'image']]],
  [
    'files',
    { image: [file, file] },
    [
      [file.bytes, 'image[0]'],
      [file.bytes, 'image[1]'],
    ],
  ],
  ['an address as text', { image: 'https://a.example/b.png' }, [['https://a.example/b.png', 'image']]],
  [
    'JSON',
    { images: [{ image_url: 'data:image/png;base64,AA==' }] },
    [['data:image/png;base64,AA==', 'images[0].image_url']],
  ],
  ['a file kept here', { images: [{ file_id: 'file-1' }] }, [[new FileId('file-1'), 'images[0].file_id']]],
  [
    'JSON as chats have it',
    { images: [{ image_url: { url: 'https://a.example' } }] },
    [['https://a.example', 'images[0].image_url']],
  ],
])('takes what is edited as %s', (_name, body, expected) => {
  expect(editOf(body).input.media).toEqual(expected.map(([source, param]) => ({ kind: 'image', source, param })));
});

test.each<[string, object, string, string]>([
  ['no image', {}, 'missing_required_parameter', 'image'],
  ['an empty list', { images: [], image: null }, 'missing_required_parameter', 'image'],
  ['a mask', { image: file, mask: file }, 'not_supported_by_model', 'mask'],
  ['a markup', { image: file, markup: 'x' }, 'not_supported_by_model', 'markup'],
  ['a seventeenth image', { image: Array(17).fill(file) }, 'invalid_value', 'image[16]'],
  ['a number', { images: [7] }, 'invalid_value', 'images[0]'],
  ['an image without address', { images: [{ image_url: 7 }] }, 'invalid_value', 'images[0]'],
])('refuses an edit with %s by its name', (_name, body, code, param) => {
  expect(() => editOf(body)).toThrow(expect.objectContaining({ code, param }));
});
