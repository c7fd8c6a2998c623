import fc from 'fast-check';
import { isAppError } from '../errors.js';
import { maximumPromptLength } from '../generation-request.js';
import { LongText } from '../request/long-text.js';
import { type ChatCompletion, chatCompletionSchema, inputOfChat } from './chat.js';

const model = 'sora2-landscape-10s';
const inputOf = (messages: unknown, more: object = {}) =>
  inputOfChat(chatCompletionSchema.parse({ model, messages, ...more }));
const user = <Content>(content: Content) => ({ role: 'user' as const, content });
const text = <Words>(words: Words) => ({ type: 'text', text: words });
const dataUri = 'data:image/png;base64,AA==';
const address = 'https://example.com/a.mp4';

describe('the prompt of a chat', () => {
  test.each<[string, unknown[], string]>([
    ['a text', [user('a fox')], 'a fox'],
    ['text parts, joined by newlines', [user([text('a'), text('b')])], 'a\nb'],
    ['the last message of the user', [user('old'), { role: 'assistant', content: 'made' }, user('new')], 'new'],
    ['a text after odd old parts', [user([null, 'x', { text: 1 }]), user('a fox')], 'a fox'],
    ['the user, whatever came before', [{ role: 'model', content: { a: 1 } }, 7, user('a fox')], 'a fox'],
    ['the user, whatever follows', [user('a fox'), { role: 'assistant', content: 'hm' }], 'a fox'],
    ['the last message where no user speaks', [{ role: 'system', content: 'a fox' }], 'a fox'],
    ['a text with space around it', [user('  a fox \n')], 'a fox'],
    ['empty where there is no text', [user(null)], ''],
    ['empty where there are no parts', [user([])], ''],
    ['empty where there is no content', [{ role: 'user' }], ''],
  ])('is %s', (_name, messages, prompt) => {
    expect(inputOf(messages)).toEqual({ prompt, promptParam: 'messages', media: [] });
  });

  test.each<[string, unknown[], object, string, string]>([
    ['several at once', [user('a')], { n: 2 }, 'unsupported_parameter', 'n'],
    ['a book', [user('x'.repeat(maximumPromptLength + 1))], {}, 'invalid_value', 'messages[0].content'],
    ['a library', [user(new LongText(new Uint8Array()))], {}, 'invalid_value', 'messages[0].content'],
    [
      'a library in a part',
      [user([text(new LongText(new Uint8Array()))])],
      {},
      'invalid_value',
      'messages[0].content[0].text',
    ],
    ['a book in parts', [user([text('x'.repeat(maximumPromptLength)), text('x')])], {}, 'invalid_value', 'messages'],
    [
      'a sound',
      [user('old'), user([text('a'), { type: 'input_audio', input_audio: {} }])],
      {},
      'invalid_value',
      'messages[1].content[1].type',
    ],
    [
      'an image without address',
      [user([{ type: 'image_url', image_url: {} }])],
      {},
      'missing_required_parameter',
      'messages[0].content[0].image_url',
    ],
    [
      'a video with an empty address',
      [user([{ type: 'video_url', video_url: { url: ' ' } }])],
      {},
      'missing_required_parameter',
      'messages[0].content[0].video_url',
    ],
    ['a part that is none', [user([text('a'), null])], {}, 'invalid_value', 'messages[0].content[1]'],
    ['a part that is a plain string', [user(['a'])], {}, 'invalid_value', 'messages[0].content[0]'],
    ['a part without a type', [user([{ text: 'a' }])], {}, 'invalid_value', 'messages[0].content[0]'],
    ['text that is none', [user([{ type: 'text', text: 7 }])], {}, 'invalid_value', 'messages[0].content[0].text'],
  ])('refuses %s by its name', (_name, messages, more, code, param) => {
    expect(() => inputOf(messages, more)).toThrow(expect.objectContaining({ code, param }));
  });
});

describe('the media of a chat', () => {
  test.each<[string, object, string, string]>([
    ['an object', { type: 'image_url', image_url: { url: dataUri, detail: 'high' } }, 'image', 'image_url'],
    ['a plain string', { type: 'image_url', image_url: dataUri }, 'image', 'image_url'],
    ['the Responses spelling', { type: 'input_image', image_url: dataUri }, 'image', 'image_url'],
    ['a video', { type: 'video_url', video_url: { url: dataUri } }, 'video', 'video_url'],
    ['a video as a string', { type: 'video_url', video_url: dataUri }, 'video', 'video_url'],
    ['a video in the Responses spelling', { type: 'input_video', video_url: dataUri }, 'video', 'video_url'],
  ])('are read from %s', (_name, part, kind, field) => {
    expect(inputOf([user([text('a fox'), part])])).toEqual({
      prompt: 'a fox',
      promptParam: 'messages',
      media: [{ kind, source: dataUri, param: `messages[0].content[1].${field}` }],
    });
  });

  test('may be too long for a string', () => {
    const long = new LongText(new Uint8Array(3));
    const input = inputOf([user([{ type: 'image_url', image_url: { url: long } }])], { video: long });
    expect(input.media.map(({ source }) => source)).toEqual([long, long]);
  });

  test('come from the last user message only, and from the fields beside the messages', () => {
    const old = user([{ type: 'image_url', image_url: { url: 'data:old' } }]);
    expect(inputOf([old, user('now')], { image: 'AA==', video: address }).media).toEqual([
      { kind: 'image', source: 'AA==', param: 'image' },
      { kind: 'video', source: address, param: 'video' },
    ]);
  });

  test('and the clip to remix may be a field, which counts as left out when it is empty', () => {
    const remix_target_id = ' s_0123 ';
    expect(inputOf([user('a')], { remix_target_id }).remixTarget).toEqual({ text: 's_0123', param: 'remix_target_id' });
    for (const nothing of [null, '', ' ']) {
      const input = inputOf([user('a')], { remix_target_id: nothing, image: '', video: null });
      expect(input).toEqual({ prompt: 'a', promptParam: 'messages', media: [] });
    }
  });
});

test('the metadata of a chat goes along with it', () => {
  const metadata = { order: '7', customer: 'ada' };
  expect(inputOf([user('a fox')], { metadata })).toMatchObject({ metadata });
  for (const nothing of [{}, null])
    expect(inputOf([user('a fox')], { metadata: nothing })).not.toHaveProperty('metadata');
});

describe('a body', () => {
  test('may have what SDKs send along without being asked', () => {
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
    ['several images in the field for one', { model, messages: [user('a')], image: ['AA==', 'AA=='] }],
    ['metadata that is a text', { model, messages: [user('a')], metadata: 'x' }],
    ['metadata in a list', { model, messages: [user('a')], metadata: { a: ['b'] } }],
    ['a book for metadata', { model, messages: [user('a')], metadata: { a: 'x'.repeat(513) } }],
    [
      'seventeen pairs of metadata',
      {
        model,
        messages: [user('a')],
        metadata: Object.fromEntries([...'abcdefghijklmnopq'].map((name) => [name, name])),
      },
    ],
    ['content that is none', { model, messages: [user({ text: 'a' })] }],
  ])('is not read with %s', (_name, body) => {
    expect(chatCompletionSchema.safeParse(body).success).toBe(false);
  });

  test('either is read or refused by an error of ours, whatever is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (content) => {
        const chat = chatCompletionSchema.safeParse({ model, messages: [user(content)] });
        if (!chat.success) return;
        try {
          const { prompt, media } = inputOfChat(chat.data);
          expect(typeof content === 'string' ? prompt : media.length).toBeDefined();
        } catch (error) {
          expect(isAppError(error)).toBe(true);
        }
      }),
    );
  });
});
