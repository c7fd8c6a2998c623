import { LongText, longTextBytes } from '@reelay/contracts/request/long-text';
import fc from 'fast-check';
import { parseJson } from './parse-json.js';

const parse = (text: string) => parseJson(Buffer.from(text));
/** With every long text turned back into what it stands for. */
const restored = (value: unknown): unknown => {
  if (value instanceof LongText) return JSON.parse(`"${Buffer.from(value.bytes).toString('utf8')}"`);
  if (Array.isArray(value)) return value.map(restored);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restored(item)]));
};

const long = 'A'.repeat(longTextBytes + 1);

test('a text longer than any prompt stays bytes, wherever it stands; all others are strings', () => {
  const parsed = parse(JSON.stringify({ a: long, b: [{ c: `data:${long}` }, 'short'], d: 1 })) as { a: LongText };
  expect(parsed).toEqual({ a: expect.any(LongText), b: [{ c: expect.any(LongText) }, 'short'], d: 1 });
  expect([parsed.a.bytes.byteLength, parsed.a.start(3)]).toEqual([long.length, 'AAA']);
});

test('nothing is lost or mixed up, whatever is around the long texts and in them', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '\\', '\\"', long, `${long}"`, `"${long}\\`, `\\u0022${long}猫`),
  );
  const values = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, texts, fc.integer(), fc.constant(null), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  })).value;
  fc.assert(
    fc.property(values, fc.boolean(), (value, isSpaced) => {
      const text = JSON.stringify(value, null, isSpaced ? 2 : 0);
      expect(restored(parse(text))).toEqual(JSON.parse(text));
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['nothing', ''],
  ['half a text', `{"a":"${long}`],
  ['a text without its end', `{"a":"${long}\\"}`],
  ['two texts without a comma', `{"a":"${long}" "b":1}`],
  ['a name for a value', '{"a":b}'],
])('%s is not JSON', (_name, text) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'invalid_json' }));
});

test('a byte order mark is passed over, in a large body too', () => {
  expect(parse('\ufeff{"a":1}')).toEqual({ a: 1 });
  expect(parse(`\ufeff{"a":"${long}"}`)).toEqual({ a: expect.any(LongText) });
});

test('text that is not UTF-8 is refused', () => {
  expect(() => parseJson(Buffer.from('{"a":"\xff"}', 'latin1'))).toThrow(
    expect.objectContaining({ code: 'invalid_json' }),
  );
});

test('megabytes of small things are refused without being parsed', () => {
  const many = JSON.stringify(Array.from({ length: 100_000 }, () => 'x'.repeat(200)));
  const error = expect.objectContaining({
    code: 'request_too_large',
    message: expect.stringMatching(/16 MiB/) as string,
  });
  expect(() => parse(many)).toThrow(error);
  expect(() => parse(`[${'1,'.repeat(9_000_000)}1]`)).toThrow(error);
});

/** Each took a second or more of everybody's time. */
test.each([
  ['brackets', `{"x":[${'[],'.repeat(500_000)}1]}`],
  ['nesting', `{"x":${'['.repeat(700_000)}${']'.repeat(700_000)}}`],
  ['parts', `{"x":[${'{"type":"text","text":"a"},'.repeat(100_000)}1]}`],
  ['quotes in one text', `{"x":"${'\\"'.repeat(600_000)}"}`],
  ['backslashes before a quote', `{"x":"${'\\\\'.repeat(600_000)}"}`],
])('%s that nobody needs are refused without being walked to their end', (_name, text) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'request_too_large' }));
});

test('a long conversation full of code is read', () => {
  const messages = Array.from({ length: 2_000 }, () => ({
    role: 'user',
    content: 'say("hello, world, and on"); '.repeat(40),
  }));
  const text = JSON.stringify({ messages });
  expect(parse(text)).toEqual({ messages });
});
