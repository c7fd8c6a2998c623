import fc from 'fast-check';
import { toSafeLine } from './failed-answer.js';

test('a line can be stored whatever the upstream says, and is at most 300 long', () => {
  const pieces = fc.constantFrom('\0', '\ud83d', '\ude00', '😀', 'x'.repeat(99), ' \n', 'ü');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 400 }), (parts) => {
      const line = toSafeLine(parts.join(''));
      expect(line.length).toBeLessThanOrEqual(300);
      expect(line).not.toContain('\0');
      expect(Buffer.from(line, 'utf8').toString('utf8')).toBe(line);
    }),
  );
});

test('a line is not cut inside an emoji', () => {
  expect(toSafeLine(`${'x'.repeat(298)}😀 and so on`)).toBe(`${'x'.repeat(298)}…`);
});
