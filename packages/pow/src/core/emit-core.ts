import { type Code, giveBack, I32, i32, repeatWhile, sequence, when } from './instructions.js';
import {
  columnParities,
  keccakRound,
  RATE_BYTES,
  ROUNDS,
  roundConstants,
  STATE_WORDS,
  type StatePlace,
} from './keccak.js';
import type { Lanes } from './lanes.js';
import {
  BASE64_ALPHABET,
  field,
  HALF_FIELD,
  MESSAGE,
  NUMBER_FIELD,
  OTHER_STATE,
  PAGES,
  ROUND_CONSTANTS,
  STARTING_STATE,
  STATE,
  TARGET,
} from './memory-layout.js';
import { type Call, ModuleWriter } from './module-writer.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const ZERO_DIGIT = 48;
const ROUND_WORDS = RATE_BYTES / 8;
const zero = i32.constant(0);
const one = i32.constant(1);

/** The bytes, some 5 000, of a module that works on as many tries at a time as there are lanes. Takes 10 to 20 ms in a cold thread. */
export function emitCore(lanes: Lanes): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  module.data(ROUND_CONSTANTS, roundConstantBytes(lanes));
  module.data(BASE64_ALPHABET, Buffer.from(ALPHABET, 'latin1'));
  const absorb = defineAbsorb(module, lanes);
  const writeField = defineWriteField(module, lanes);
  const fulfils = defineFulfils(module, lanes);
  defineSearch(module, lanes, { absorb, writeField, fulfils });
  return module.bytes(PAGES);
}

/** absorb(from, to): takes the blocks between two addresses into the state. */
function defineAbsorb(module: ModuleWriter, lanes: Lanes): Call {
  return module.define('absorb', {}, (scope) => {
    const block = scope.parameter();
    const end = scope.parameter();
    const round = scope.local(I32);
    const five = () => Array.from({ length: 5 }, () => scope.local(lanes.type));
    const locals = { parities: five(), effects: five(), row: five(), word: scope.local(lanes.type) };
    const state = stateAt(lanes, STATE);
    const other = stateAt(lanes, OTHER_STATE);
    const constant = (ahead: number) => lanes.load(round.value, ROUND_CONSTANTS + ahead * lanes.bytes);
    const words = Array.from({ length: ROUND_WORDS }, (_, word) =>
      state.store(word, lanes.xor(state.load(word), lanes.load(block.value, word * lanes.bytes))),
    );
    return repeatWhile(
      i32.lessThan(block.value, end.value),
      ...words,
      columnParities(lanes, state, locals),
      round.set(zero),
      repeatWhile(
        i32.lessThan(round.value, i32.constant(ROUNDS * lanes.bytes)),
        keccakRound(lanes, { from: state, to: other, constant: constant(0) }, locals),
        keccakRound(lanes, { from: other, to: state, constant: constant(1) }, locals),
        round.set(i32.add(round.value, i32.constant(2 * lanes.bytes))),
      ),
      block.set(i32.add(block.value, i32.constant(RATE_BYTES * lanes.count))),
    );
  });
}

/** writeField(value, field, 8·lane): puts a number into its field, and the field into one message as base64. */
function defineWriteField(module: ModuleWriter, lanes: Lanes): Call {
  return module.define('writeField', {}, (scope) => {
    const value = scope.parameter();
    const record = scope.parameter();
    const laneOffset = scope.parameter();
    const place = scope.local(I32);
    const at = scope.local(I32);
    const triple = scope.local(I32);
    const ten = i32.constant(10);
    const digit = i32.add(i32.constant(ZERO_DIGIT), i32.remainder(value.value, ten));
    const byte = (index: number) => i32.loadByte(place.value, field.text + index);
    const character = (shift: number) =>
      i32.loadByte(i32.and(i32.shiftRight(triple.value, i32.constant(shift)), i32.constant(63)), BASE64_ALPHABET);
    const writeCharacter = (shift: number) =>
      sequence(
        i32.storeByte(byteAddress(lanes, at.value, laneOffset.value), MESSAGE, character(shift)),
        at.set(i32.add(at.value, one)),
      );
    return sequence(
      place.set(i32.load(record.value, field.afterDigits)),
      repeatWhile(
        i32.greaterThan(place.value, i32.load(record.value, field.firstDigit)),
        place.set(i32.subtract(place.value, one)),
        i32.storeByte(place.value, 0, digit),
        value.set(i32.divide(value.value, ten)),
      ),
      at.set(i32.load(record.value, field.at)),
      place.set(record.value),
      repeatWhile(
        i32.lessThan(i32.add(place.value, i32.constant(field.text)), i32.load(record.value, field.afterText)),
        triple.set(
          i32.or(i32.or(i32.shiftLeft(byte(0), i32.constant(16)), i32.shiftLeft(byte(1), i32.constant(8))), byte(2)),
        ),
        ...[18, 12, 6, 0].map(writeCharacter),
        place.set(i32.add(place.value, i32.constant(3))),
      ),
    );
  });
}

/** fulfils(8·lane, targetBytes): whether the state of a lane begins with bytes that, read as a number, are not above the target. */
function defineFulfils(module: ModuleWriter, lanes: Lanes): Call {
  return module.define('fulfils', { hasResult: true }, (scope) => {
    const laneOffset = scope.parameter();
    const length = scope.parameter();
    const index = scope.local(I32);
    const digest = i32.loadByte(byteAddress(lanes, index.value, laneOffset.value), STATE);
    const target = i32.loadByte(index.value, TARGET);
    return sequence(
      repeatWhile(
        i32.lessThan(index.value, length.value),
        when(i32.notEqual(digest, target), giveBack(i32.lessThan(digest, target))),
        index.set(i32.add(index.value, one)),
      ),
      one,
    );
  });
}

/**
 * search(number, end, firstBlock, afterBlocks, targetBytes): the first number below the end that fulfils, or −1. All numbers must have as
 * many digits as the fields have room for, and so must their halves.
 */
function defineSearch(
  module: ModuleWriter,
  lanes: Lanes,
  { absorb, writeField, fulfils }: { absorb: Call; writeField: Call; fulfils: Call },
): Call {
  return module.define('search', { hasResult: true }, (scope) => {
    const number = scope.parameter();
    const end = scope.parameter();
    const firstBlock = scope.parameter();
    const afterBlocks = scope.parameter();
    const targetBytes = scope.parameter();
    const start = stateAt(lanes, STARTING_STATE);
    const state = stateAt(lanes, STATE);
    const eachLane = (write: (candidate: Code, laneOffset: Code) => Code) =>
      sequence(
        ...Array.from({ length: lanes.count }, (_, lane) =>
          write(i32.add(number.value, i32.constant(lane)), i32.constant(8 * lane)),
        ),
      );
    return sequence(
      repeatWhile(
        i32.lessThan(number.value, end.value),
        eachLane((candidate, laneOffset) =>
          sequence(
            writeField(candidate, i32.constant(NUMBER_FIELD), laneOffset),
            writeField(i32.shiftRight(candidate, one), i32.constant(HALF_FIELD), laneOffset),
          ),
        ),
        ...Array.from({ length: STATE_WORDS }, (_, word) => state.store(word, start.load(word))),
        absorb(firstBlock.value, afterBlocks.value),
        // A lane may have gone past the end; what it found there is another field length's affair.
        eachLane((candidate, laneOffset) =>
          when(
            i32.and(fulfils(laneOffset, targetBytes.value), i32.lessThan(candidate, end.value)),
            giveBack(candidate),
          ),
        ),
        number.set(i32.add(number.value, i32.constant(lanes.count))),
      ),
      i32.constant(-1),
    );
  });
}

function stateAt(lanes: Lanes, address: number): StatePlace {
  return {
    load: (word) => lanes.load(zero, address + word * lanes.bytes),
    store: (word, value) => lanes.store(zero, address + word * lanes.bytes, value),
  };
}

/** Of a byte of one of the messages or states that stand side by side, counted from the beginning of their words. */
function byteAddress(lanes: Lanes, index: Code, laneOffset: Code): Code {
  const wordStart = i32.multiply(i32.and(index, i32.constant(-8)), i32.constant(lanes.count));
  return i32.add(i32.add(wordStart, i32.and(index, i32.constant(7))), laneOffset);
}

function roundConstantBytes(lanes: Lanes): Buffer {
  const words = roundConstants.flatMap((constant) => Array<bigint>(lanes.count).fill(constant));
  const bytes = Buffer.alloc(words.length * 8);
  for (const [index, word] of words.entries()) bytes.writeBigUInt64LE(word, index * 8);
  return bytes;
}
