import { chatCompletionSchema } from '@reelay/contracts/openai/chat';
import { createFileSchema } from '@reelay/contracts/openai/files';
import { createVideoSchema, UploadedFile } from '@reelay/contracts/openai/videos';
import { checkBody } from './check-body.js';

const messages = [{ role: 'user', content: 'a cat' }];

test.each<[string, unknown, object]>([
  ['nothing', undefined, { code: 'invalid_request' }],
  ['a list', [], { code: 'invalid_request' }],
  ['a text', '{"model":1}', { code: 'invalid_request' }],
  ['no model', { messages }, { code: 'missing_required_parameter', param: 'model' }],
  ['an empty model', { model: '', messages }, { code: 'missing_required_parameter', param: 'model' }],
  ['no messages', { model: 'm' }, { code: 'missing_required_parameter', param: 'messages' }],
  ['a model that is a number', { model: 7, messages }, { code: 'invalid_value', param: 'model' }],
  ['an empty list of messages', { model: 'm', messages: [] }, { code: 'invalid_value', param: 'messages' }],
  [
    'a message without role',
    { model: 'm', messages: [{ content: 'x' }] },
    { code: 'missing_required_parameter', param: 'messages[0].role' },
  ],
  [
    'an unknown role',
    { model: 'm', messages: [{ role: 'king', content: 'x' }] },
    { code: 'invalid_value', param: 'messages[0].role' },
  ],
  [
    'NUL in the prompt',
    { model: 'm', messages: [{ role: 'user', content: 'a\0b' }] },
    { code: 'invalid_value', param: 'messages[0].content' },
  ],
  ['NUL in a name', { model: 'm', messages, metadata: { 'a\0b': 'x' } }, { code: 'invalid_value', param: 'metadata' }],
  [
    'half a surrogate pair',
    { model: 'm', messages: [{ role: 'user', content: '\ud83d' }] },
    { code: 'invalid_value', param: 'messages[0].content' },
  ],
])('a chat with %s is refused by the name of the field', (_, body, expected) => {
  expect(() => checkBody(chatCompletionSchema, body)).toThrow(expect.objectContaining(expected));
});

test('unknown fields are ignored, whole emoji are kept', () => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'a 😀', name: 'x' }], temperature: 1, tools: null };
  expect(checkBody(chatCompletionSchema, body)).toEqual({ model: 'm', messages: [{ role: 'user', content: 'a 😀' }] });
});

test('a body nested beyond all reason is an answer, not an exhausted stack', () => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
  expect(() => checkBody(createVideoSchema, { prompt: 'x', input_reference: deep })).toThrow('nested too deeply');
});

/** As a form sends it: every value is a text. */
function fileFor(seconds: string): object {
  const file = new UploadedFile('boat.png', new Uint8Array(1));
  return { file, purpose: 'vision', expires_after: { anchor: 'created_at', seconds } };
}

test('a number that is too small is not called empty: the least one is named', () => {
  const message = expect.stringMatching(/is not valid: .*3600/) as string;
  const expected = { code: 'invalid_value', param: 'expires_after.seconds', message };
  expect(() => checkBody(createFileSchema, fileFor('60'))).toThrow(expect.objectContaining(expected));
});

test.each(['', ' \n'])('a prompt of %j is empty', (prompt) => {
  const code = 'missing_required_parameter';
  expect(() => checkBody(createVideoSchema, { prompt })).toThrow(expect.objectContaining({ code, param: 'prompt' }));
});
