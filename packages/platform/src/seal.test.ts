import fc from 'fast-check';
import { createKeyRing, isSealedWithOldKey, open, SealError, seal } from './seal.js';

const ring = createKeyRing('the first master key', 'enc/credential');
const part = fc.string({ minLength: 1 }).filter((text) => !text.includes('|'));
const place = fc.record({ table: part, row: part, column: part });
const here = { table: 'token', row: '01J', column: 'access_token' };

test('what was sealed opens to the same text at the same place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), place, (text, at) => {
      expect(open(ring, seal(ring, text, at), at)).toBe(text);
    }),
  );
});

test('a change of any character makes it unreadable', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.constantFrom(...'ABab01-_.'), (text, position, character) => {
      const sealed = seal(ring, text, here);
      const at = position % sealed.length;
      fc.pre(sealed[at] !== character);
      const changed = sealed.slice(0, at) + character + sealed.slice(at + 1);
      expect(() => open(ring, changed, here)).toThrow(SealError);
    }),
  );
});

test('it does not open in another row, column or table, nor for another purpose', () => {
  fc.assert(
    fc.property(place, place, (at, elsewhere) => {
      fc.pre(at.table !== elsewhere.table || at.row !== elsewhere.row || at.column !== elsewhere.column);
      expect(() => open(ring, seal(ring, 'secret', at), elsewhere)).toThrow(SealError);
    }),
  );
  const otherPurpose = createKeyRing('the first master key', 'enc/webhook-secret');
  expect(() => open(otherPurpose, seal(ring, 'secret', here), here)).toThrow(SealError);
});

test('the same text is sealed differently every time, and the text does not show', () => {
  const [first, second] = [seal(ring, 'secret', here), seal(ring, 'secret', here)];
  expect(first).not.toBe(second);
  expect(first).toMatch(/^v1\.[0-9a-f]{12}\.[\w-]{16}\.[\w-]+$/);
});

test('values of an old master key open as long as it is in the ring, and are known as old', () => {
  const sealed = seal(ring, 'secret', here);
  const rotated = createKeyRing('the second master key', 'enc/credential', ['the first master key']);
  expect(open(rotated, sealed, here)).toBe('secret');
  expect(isSealedWithOldKey(rotated, sealed)).toBe(true);
  expect(isSealedWithOldKey(rotated, seal(rotated, 'secret', here))).toBe(false);
  const forgetful = createKeyRing('the second master key', 'enc/credential');
  expect(() => open(forgetful, sealed, here)).toThrow(/master key that is not configured/);
});

test.each(['', 'v1', 'v2.a.b.c', 'v1.a.b.c.d', 'plain text'])('refuses %j as no sealed value', (text) => {
  expect(() => open(ring, text, here)).toThrow(SealError);
});
