import fc from 'fast-check';
import { cutText, toStorableText } from './storable-text.js';

const anyUnits = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })));

it('makes any sequence of UTF-16 units well-formed and free of NUL, and leaves what is so already', () => {
  fc.assert(
    fc.property(anyUnits, (units) => {
      const text = toStorableText(String.fromCharCode(...units));
      expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
      expect(text).not.toContain('\0');
      expect(text).toHaveLength(units.length);
      expect(toStorableText(text)).toBe(text);
    }),
  );
});

it('cuts to the length asked for without halving a character', () => {
  expect(cutText('abc', 3)).toBe('abc');
  expect(cutText('abcd', 3)).toBe('ab…');
  expect(cutText('a😀bc', 3)).toBe('a…');
  expect(cutText('a😀bc', 4)).toBe('a😀…');
});
