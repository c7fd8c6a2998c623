import fc from 'fast-check';
import { signed, unsigned } from './instructions.js';

/** As the WebAssembly specification reads them: seven bits a byte, the lowest first, the top bit for "goes on". */
function decode(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte, index) => value | (BigInt(byte & 0x7f) << BigInt(7 * index)), 0n);
}

test('unsigned numbers are read back as they were written', () => {
  fc.assert(
    fc.property(fc.nat(), (value) => {
      const bytes = unsigned(value);
      expect(decode(bytes)).toBe(BigInt(value));
      expect(bytes.map((byte) => byte >> 7)).toEqual([...Array(bytes.length - 1).fill(1), 0]);
    }),
  );
});

test('signed numbers are read back as they were written, with their sign in the last byte', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const bytes = signed(value);
      expect(BigInt.asIntN(7 * bytes.length, decode(bytes))).toBe(value);
    }),
  );
});

test.each([
  [-1n, [0x7f]],
  [63n, [0x3f]],
  [64n, [0xc0, 0x00]],
  [-64n, [0x40]],
  [-65n, [0xbf, 0x7f]],
])('%s is written in as few bytes as it needs', (value, bytes) => {
  expect(signed(value)).toEqual(bytes);
});
