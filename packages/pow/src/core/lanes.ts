import {
  binary,
  type Code,
  I64,
  i32,
  i64Constant,
  type Local,
  simd,
  unsigned,
  V128,
  type ValueType,
} from './instructions.js';

/**
 * The arithmetic of Keccak on words of 64 bits, on one word at a time or on those of two messages at once. The words of two messages
 * stand side by side in memory, so that one load takes both.
 */
export interface Lanes {
  readonly count: 1 | 2;
  readonly type: ValueType;
  /** Of one word in memory. */
  readonly bytes: number;
  load(address: Code, offset: number): Code;
  store(address: Code, offset: number, value: Code): Code;
  xor(left: Code, right: Code): Code;
  /** The bits of `value` that are not in `mask`. */
  without(value: Code, mask: Code): Code;
  rotateLeft(word: Local, bits: number): Code;
}

const ALL_BITS = i64Constant(-1n);
/** A hint only: the words stand at multiples of eight and sixteen bytes. */
const EIGHT_BYTES = 3;
const SIXTEEN_BYTES = 4;

export const oneLane: Lanes = {
  count: 1,
  type: I64,
  bytes: 8,
  load: (address, offset) => [...address, 0x29, EIGHT_BYTES, ...unsigned(offset)],
  store: (address, offset, value) => [...address, ...value, 0x37, EIGHT_BYTES, ...unsigned(offset)],
  xor: binary(0x85),
  without: (value, mask) => [...mask, ...ALL_BITS, 0x85, ...value, 0x83],
  rotateLeft: (word, bits) => (bits === 0 ? word.value : [...word.value, ...i64Constant(BigInt(bits)), 0x89]),
};

export const twoLanes: Lanes = {
  count: 2,
  type: V128,
  bytes: 16,
  load: (address, offset) => [...address, ...simd(0x00, SIXTEEN_BYTES, ...unsigned(offset))],
  store: (address, offset, value) => [...address, ...value, ...simd(0x0b, SIXTEEN_BYTES, ...unsigned(offset))],
  xor: (left, right) => [...left, ...right, ...simd(0x51)],
  without: (value, mask) => [...value, ...mask, ...simd(0x4f)],
  rotateLeft: rotateBothLeft,
};

/** There is no such instruction for two words. Whole bytes are moved in one step, anything else takes two shifts. */
function rotateBothLeft(word: Local, bits: number): Code {
  if (bits === 0) return word.value;
  if (bits % 8 === 0) return [...word.value, ...word.value, ...simd(0x0d, ...bytesRotatedBy(bits / 8))];
  const left =
    bits === 1
      ? [...word.value, ...word.value, ...simd(0xce)] // an addition, for which processors have more units
      : [...word.value, ...i32.constant(bits), ...simd(0xcb)];
  return [...left, ...word.value, ...i32.constant(64 - bits), ...simd(0xcd), ...simd(0x50)];
}

function bytesRotatedBy(count: number): number[] {
  return Array.from({ length: 16 }, (_, place) => (place & 8) + ((place - count) & 7));
}
