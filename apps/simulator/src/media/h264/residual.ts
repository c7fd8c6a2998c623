import type { BitWriter } from './bit-writer.js';
import {
  type Code,
  runBefore,
  tokenOfChroma,
  tokenWithoutNeighbours,
  totalZeros,
  totalZerosOfChroma,
} from './residual-tables.js';

/** How many coefficients the neighbours have decides the code of the first number (clause 9.2.1). */
export type Neighbourhood = 'plain' | 'dense' | 'chroma';

const NON_ZERO_MOST = 16;
const positions = new Int32Array(NON_ZERO_MOST);

/** Writes one block of transform levels, in scan order, with CAVLC (clause 9.2). */
export function writeResidual(writer: BitWriter, levels: Int32Array, neighbourhood: Neighbourhood): void {
  let total = 0;
  for (let index = 0; index < levels.length; index += 1) if (levels[index] !== 0) positions[total++] = index;
  const ones = countTrailingOnes(levels, total);
  writeToken(writer, total, ones, neighbourhood);
  if (total === 0) return;
  writeLevels(writer, levels, total, ones);
  writeZeros(writer, levels.length, total, neighbourhood);
}

/** Up to three ±1 at the high end of the scan are sent as a sign bit only. */
function countTrailingOnes(levels: Int32Array, total: number): number {
  let ones = 0;
  while (ones < Math.min(total, 3) && Math.abs(levels[positions[total - 1 - ones]!]!) === 1) ones += 1;
  return ones;
}

function writeToken(writer: BitWriter, total: number, ones: number, neighbourhood: Neighbourhood): void {
  if (neighbourhood === 'dense') {
    writer.bits(6, total === 0 ? 3 : ((total - 1) << 2) | ones);
    return;
  }
  const table = neighbourhood === 'chroma' ? tokenOfChroma : tokenWithoutNeighbours;
  writeCode(writer, table[total]![ones]!);
}

function writeLevels(writer: BitWriter, levels: Int32Array, total: number, ones: number): void {
  for (let k = 0; k < ones; k += 1) writer.flag(levels[positions[total - 1 - k]!]! < 0);
  let suffixLength = total > 10 && ones < 3 ? 1 : 0;
  for (let k = ones; k < total; k += 1) {
    const level = levels[positions[total - 1 - k]!]!;
    let code = level > 0 ? 2 * level - 2 : -2 * level - 1;
    // Had this level been ±1, it would have been counted among the trailing ones.
    if (k === ones && ones < 3) code -= 2;
    writeLevel(writer, code, suffixLength);
    if (suffixLength === 0) suffixLength = 1;
    if (Math.abs(level) > 3 << (suffixLength - 1) && suffixLength < 6) suffixLength += 1;
  }
}

function writeLevel(writer: BitWriter, code: number, suffixLength: number): void {
  const escapeFrom = suffixLength === 0 ? 30 : 15 << suffixLength;
  if (code >= escapeFrom) {
    writePrefix(writer, 15);
    writer.bits(12, code - escapeFrom);
  } else if (suffixLength > 0) {
    writePrefix(writer, code >> suffixLength);
    writer.bits(suffixLength, code & ((1 << suffixLength) - 1));
  } else if (code < 14) {
    writePrefix(writer, code);
  } else {
    writePrefix(writer, 14);
    writer.bits(4, code - 14);
  }
}

/** Unary: so many zeros, then a one. */
function writePrefix(writer: BitWriter, zeros: number): void {
  writer.bits(zeros + 1, 1);
}

function writeZeros(writer: BitWriter, length: number, total: number, neighbourhood: Neighbourhood): void {
  let left = positions[total - 1]! + 1 - total;
  if (total < length) {
    const table = neighbourhood === 'chroma' ? totalZerosOfChroma : totalZeros;
    writeCode(writer, table[total - 1]![left]!);
  }
  for (let k = total - 1; k > 0 && left > 0; k -= 1) {
    const run = positions[k]! - positions[k - 1]! - 1;
    writeCode(writer, runBefore[Math.min(left, 7) - 1]![run]!);
    left -= run;
  }
}

function writeCode(writer: BitWriter, { length, bits }: Code): void {
  writer.bits(length, bits);
}
