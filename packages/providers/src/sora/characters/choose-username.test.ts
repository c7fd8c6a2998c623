import fc from 'fast-check';
import { chooseUsername } from './choose-username.js';

test.each([
  ['ada.quickfox', 'quickfox550'],
  ['quickfox', 'quickfox550'],
  ['a.b.Fox_2', 'fox_2550'],
  ['', 'character550'],
  ['ada.', 'character550'],
  ['名前', 'character550'],
  ['x'.repeat(99), `${'x'.repeat(27)}550`],
])('of the hint %j becomes %s', (hint, username) => {
  expect(chooseUsername(hint, () => 0.5)).toBe(username);
});

test('is a name that prompts can name, whatever the hint and chance', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (hint, chance) => {
        expect(chooseUsername(hint, () => chance)).toMatch(/^[a-z0-9_]{1,27}[1-9]\d\d$/);
      },
    ),
  );
});
