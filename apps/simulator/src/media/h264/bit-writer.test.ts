import { BitWriter } from './bit-writer.js';

function bitsOf(write: (writer: BitWriter) => void): string {
  const writer = new BitWriter(1);
  write(writer);
  const bytes = writer.finish();
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.replace(/10*$/, '');
}

test.each([
  [0, '1'],
  [1, '010'],
  [2, '011'],
  [3, '00100'],
  [7, '0001000'],
  [255, '00000000100000000'],
])('ue(%i) is %s', (value, bits) => {
  expect(bitsOf((writer) => writer.unsigned(value))).toBe(bits);
});

test.each([
  [0, '1'],
  [1, '010'],
  [-1, '011'],
  [2, '00100'],
  [-2, '00101'],
])('se(%i) is %s', (value, bits) => {
  expect(bitsOf((writer) => writer.signed(value))).toBe(bits);
});

test('bits of every width follow one another without a gap', () => {
  const widths = Array.from({ length: 24 }, (_, index) => index + 1);
  const expected = widths.map((width) => '1'.padStart(width, '0')).join('');
  expect(bitsOf((writer) => widths.forEach((width) => void writer.bits(width, 1)))).toBe(expected);
});

test('whole bytes go behind an aligned position', () => {
  const writer = new BitWriter(1);
  writer.bits(3, 5);
  writer.alignWithZeros();
  writer.bytes(Uint8Array.of(1, 2, 3));
  expect([...writer.finish()]).toEqual([0xa0, 1, 2, 3, 0x80]);
});
