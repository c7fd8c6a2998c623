/** WebAssembly instructions as bytes. An expression is the code that leaves its value on the stack; operands come first. */
export type Code = readonly number[];

export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof I64 | typeof V128;

const I32_CONST = 0x41;
const I64_CONST = 0x42;
const I32_LOAD = 0x28;
const I32_LOAD8_U = 0x2d;
const I32_STORE8 = 0x3a;
const NO_VALUE = 0x40;
const SIMD = 0xfd;

export class Local {
  constructor(
    readonly index: number,
    readonly type: ValueType,
  ) {}

  get value(): Code {
    return [0x20, ...unsigned(this.index)];
  }

  set(value: Code): Code {
    return [...value, 0x21, ...unsigned(this.index)];
  }

  /** Sets and leaves the value. */
  tee(value: Code): Code {
    return [...value, 0x22, ...unsigned(this.index)];
  }
}

/** All numbers are taken as unsigned. */
export const i32 = {
  constant: (value: number): Code => [I32_CONST, ...signed(BigInt(value))],
  /** Addresses are multiples of nothing in particular, offsets are known beforehand. */
  load: (address: Code, offset: number): Code => [...address, I32_LOAD, 0, ...unsigned(offset)],
  loadByte: (address: Code, offset: number): Code => [...address, I32_LOAD8_U, 0, ...unsigned(offset)],
  storeByte: (address: Code, offset: number, value: Code): Code => [
    ...address,
    ...value,
    I32_STORE8,
    0,
    ...unsigned(offset),
  ],
  notEqual: binary(0x47),
  lessThan: binary(0x49),
  greaterThan: binary(0x4b),
  add: binary(0x6a),
  subtract: binary(0x6b),
  multiply: binary(0x6c),
  divide: binary(0x6e),
  remainder: binary(0x70),
  and: binary(0x71),
  or: binary(0x72),
  shiftLeft: binary(0x74),
  shiftRight: binary(0x76),
};

export function sequence(...codes: readonly Code[]): Code {
  return codes.flat();
}

export function repeatWhile(condition: Code, ...body: readonly Code[]): Code {
  return [0x03, NO_VALUE, ...condition, 0x04, NO_VALUE, ...body.flat(), 0x0c, 1, 0x0b, 0x0b];
}

export function when(condition: Code, ...body: readonly Code[]): Code {
  return [...condition, 0x04, NO_VALUE, ...body.flat(), 0x0b];
}

export function giveBack(value: Code): Code {
  return [...value, 0x0f];
}

export function binary(opcode: number): (left: Code, right: Code) => Code {
  return (left, right) => [...left, ...right, opcode];
}

/** An instruction of the vector extension; what it takes from the stack goes before it. */
export function simd(opcode: number, ...immediates: readonly number[]): Code {
  return [SIMD, ...unsigned(opcode), ...immediates];
}

export function i64Constant(value: bigint): Code {
  return [I64_CONST, ...signed(value)];
}

/** LEB128. */
export function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

export function signed(value: bigint): Code {
  const byte = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = byte & 0x40 ? rest === -1n : rest === 0n;
  return isLast ? [byte] : [byte | 0x80, ...signed(rest)];
}
