import fc from 'fast-check';
import { type Mark, takeFirstMark } from './take-first-mark.js';

/** `<x>` is a mark that means `x`. */
function* marks(prompt: string): Iterable<Mark<string>> {
  for (const { 0: text, 1: name = '', index } of prompt.matchAll(/<(\w)>/g)) {
    yield { start: index, end: index + text.length, meaning: name, name };
  }
}

const take = (prompt: string) => takeFirstMark(prompt, marks(prompt));

test('without a mark the prompt is returned as it was', () => {
  expect(take('  a <fox>\n ')).toEqual({ prompt: '  a <fox>\n ' });
});

test.each([
  ['alone', '<x>', ''],
  ['with space around', ' <x>\n', ''],
  ['in front', '<x> a', 'a'],
  ['at the end', 'a <x>', 'a'],
  ['between spaces', 'a <x> b', 'a b'],
  ['with a space before', 'a <x>b', 'a b'],
  ['with a space behind', 'a<x> b', 'a b'],
  ['inside of a word', 'red<x>fox', 'red fox'],
  ['between letters with marks', 'é<x>ё', 'é ё'],
  ['in a script without spaces', '一只<x>小猫', '一只小猫'],
  ['beside punctuation', 'red,<x>fox', 'red,fox'],
  ['beside half a character', '\ud83d<x>fox', '\ud83dfox'],
  ['on a line of its own', 'a\n<x>\nb', 'a\nb'],
  ['on lines of different systems', 'a <x>\r\n\tb', 'a\r\n\tb'],
  ['between paragraphs', 'a\n\n<x> b', 'a\n\nb'],
  ['before a paragraph', 'a <x>\n\nb', 'a\n\nb'],
  ['twice', 'a <x> b <x> c', 'a b c'],
  ['twice in a row', 'a <x>\n<x> b', 'a\nb'],
  ['twice inside of a word', 'red<x><x>fox', 'red fox'],
  ['beside spaces that are not beside it', '  a  b <x> c  d  ', '  a  b c  d  '],
])('a mark %s goes, and what separates the text stays', (_name, prompt, rest) => {
  expect(take(prompt)).toEqual({ prompt: rest, meaning: 'x' });
});

test('a mark that means something else stays as text', () => {
  expect(take('<x> a <y> b <x>')).toEqual({ prompt: 'a <y> b', meaning: 'x' });
});

test('whatever surrounds marks is kept, in order, but for white space', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '猫', '🦊', '<', '>', ' ', '\n', '\t', '.', '\ud83d') });
  fc.assert(
    fc.property(fc.array(fc.oneof(text, fc.constantFrom('<x>', '<y>'))), (parts) => {
      const prompt = parts.join('');
      const { prompt: rest, meaning } = take(prompt);
      const kept = meaning === undefined ? prompt : prompt.replaceAll(`<${meaning}>`, '');
      expect(rest.replace(/\s/g, '')).toBe(kept.replace(/\s/g, ''));
      if (meaning === undefined) expect(rest).toBe(prompt);
    }),
  );
});
