import { BitWriter } from './bit-writer.js';
import { type Neighbourhood, writeResidual } from './residual.js';
import {
  type Code,
  runBefore,
  tokenOfChroma,
  tokenWithoutNeighbours,
  totalZeros,
  totalZerosOfChroma,
} from './residual-tables.js';

function bitsOf(levels: number[], neighbourhood: Neighbourhood = 'plain', length = 16): string {
  const writer = new BitWriter();
  const padded = Int32Array.from({ length }, (_, index) => levels[index] ?? 0);
  writeResidual(writer, padded, neighbourhood);
  const bits = [...writer.finish()].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.replace(/10*$/, '');
}

// The worked examples that textbooks on H.264 give for CAVLC.
test.each([
  [[0, 3, 0, 1, -1, -1, 0, 1], '000010001110010111101101'],
  [[-2, 4, 3, -3, 0, 0, -1], '000000011010001001000010111001100'],
])('the block %j is coded as in the textbook', (levels, bits) => {
  expect(bitsOf(levels)).toBe(bits);
});

test.each([
  ['plain', 16, '1'],
  ['dense', 16, '000011'],
  ['chroma', 4, '01'],
] as const)('an empty block in %s surroundings takes one code', (neighbourhood, length, bits) => {
  expect(bitsOf([], neighbourhood, length)).toBe(bits);
});

function isPrefixFree(codes: readonly Code[]): boolean {
  const texts = codes.map(({ length, bits }) => bits.toString(2).padStart(length, '0'));
  return texts.every((text, index) => texts.every((other, place) => place === index || !other.startsWith(text)));
}

describe('no code is the beginning of another', () => {
  test('among the tokens', () => {
    expect(isPrefixFree(tokenWithoutNeighbours.flat())).toBe(true);
    expect(isPrefixFree(tokenOfChroma.flat())).toBe(true);
  });

  test('in every row of zeros and runs', () => {
    for (const table of [totalZeros, totalZerosOfChroma, runBefore]) expect(table.every(isPrefixFree)).toBe(true);
  });
});

test('every row has a code for every case that can occur', () => {
  tokenWithoutNeighbours.forEach((row, total) => void expect(row).toHaveLength(Math.min(total, 3) + 1));
  tokenOfChroma.forEach((row, total) => void expect(row).toHaveLength(Math.min(total, 3) + 1));
  totalZeros.forEach((row, index) => void expect(row).toHaveLength(16 - index));
  totalZerosOfChroma.forEach((row, index) => void expect(row).toHaveLength(4 - index));
  runBefore.slice(0, 6).forEach((row, index) => void expect(row).toHaveLength(index + 2));
});
