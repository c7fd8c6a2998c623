import fc from 'fast-check';
import { isAppError } from '../errors.js';
import { maximumPromptLength } from '../generation-request.js';
import { type ChatCompletion, chatCompletionSchema, promptOfChat } from './chat.js';

const model = 'sora2-landscape-10s';
const promptOf = (messages: unknown, more: object = {}) =>
  promptOfChat(chatCompletionSchema.parse({ model, messages, ...more }));
const user = <Content>(content: Content) => ({ role: 'user' as const, content });

describe('the prompt of a chat', () => {
  test.each<[string, unknown[], string]>([
    ['a text', [user('a fox')], 'a fox'],
    [
      'text parts, joined by newlines',
      [
        user([
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ]),
      ],
      'a\nb',
    ],
    ['the last message of the user', [user('old'), { role: 'assistant', content: 'made' }, user('new')], 'new'],
    ['the user, whatever follows', [user('a fox'), { role: 'assistant', content: 'hm' }], 'a fox'],
    ['the last message where no user speaks', [{ role: 'system', content: 'a fox' }], 'a fox'],
    ['a text with space around it', [user('  a fox \n')], 'a fox'],
  ])('is %s', (_name, messages, prompt) => {
    expect(promptOf(messages)).toBe(prompt);
  });

  test.each<[string, unknown[], object, string, string]>([
    ['no text', [user('  ')], {}, 'missing_required_parameter', 'messages'],
    ['null content', [user(null)], {}, 'missing_required_parameter', 'messages'],
    ['no content', [{ role: 'user' }], {}, 'missing_required_parameter', 'messages'],
    ['no parts', [user([])], {}, 'missing_required_parameter', 'messages'],
    [
      'a picture',
      [user([{ type: 'image_url', image_url: { url: 'data:' } }])],
      {},
      'not_supported_by_model',
      'messages',
    ],
    ['several at once', [user('a')], { n: 2 }, 'unsupported_parameter', 'n'],
    ['a book', [user('x'.repeat(maximumPromptLength + 1))], {}, 'invalid_value', 'messages'],
  ])('refuses %s with a reason', (_name, messages, more, code, param) => {
    expect(() => promptOf(messages, more)).toThrow(expect.objectContaining({ code, param }));
  });

  test('takes what SDKs send along without being asked', () => {
    const body = {
      model,
      messages: [{ ...user('a fox'), name: 'ada' }],
      stream: null,
      n: null,
      stream_options: { include_usage: true, include_obfuscation: false },
      temperature: 0.7,
      tools: [],
      user: 'u',
    };
    expect(chatCompletionSchema.parse(body)).toEqual({
      model,
      messages: [user('a fox')],
      stream: null,
      n: null,
      stream_options: { include_usage: true },
    } satisfies ChatCompletion);
  });

  test.each([
    ['messages missing', { model }],
    ['messages empty', { model, messages: [] }],
    ['model missing', { messages: [user('a')] }],
    ['an unknown role', { model, messages: [{ role: 'robot', content: 'a' }] }],
    ['stream as text', { model, messages: [user('a')], stream: 'yes' }],
  ])('does not read a body with %s', (_name, body) => {
    expect(chatCompletionSchema.safeParse(body).success).toBe(false);
  });

  test('either is found or refused by an error of ours, whatever is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (content) => {
        const chat = chatCompletionSchema.safeParse({ model, messages: [user(content)] });
        if (!chat.success) return;
        try {
          expect(promptOfChat(chat.data)).not.toBe('');
        } catch (error) {
          expect(isAppError(error)).toBe(true);
        }
      }),
    );
  });
});
