import { type Code, type Local, sequence } from './instructions.js';
import type { Lanes } from './lanes.js';

/** SHA3-512 takes 72 bytes at a time. */
export const RATE_BYTES = 72;
export const STATE_WORDS = 25;
export const ROUNDS = 24;

/** By word: x + 5·y. */
const ROTATIONS: readonly number[] = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
];

export const roundConstants: readonly bigint[] = [
  0x0000000000000001n,
  0x0000000000008082n,
  0x800000000000808an,
  0x8000000080008000n,
  0x000000000000808bn,
  0x0000000080000001n,
  0x8000000080008081n,
  0x8000000000008009n,
  0x000000000000008an,
  0x0000000000000088n,
  0x0000000080008009n,
  0x000000008000000an,
  0x000000008000808bn,
  0x800000000000008bn,
  0x8000000000008089n,
  0x8000000000008003n,
  0x8000000000008002n,
  0x8000000000000080n,
  0x000000000000800an,
  0x800000008000000an,
  0x8000000080008081n,
  0x8000000000008080n,
  0x0000000080000001n,
  0x8000000080008008n,
];

/** Reading and writing the words of a state wherever it is kept. */
export interface StatePlace {
  load(word: number): Code;
  store(word: number, value: Code): Code;
}

export interface RoundLocals {
  /** The parity of each column, which a round is given and leaves behind for the next. */
  readonly parities: readonly Local[];
  readonly effects: readonly Local[];
  readonly row: readonly Local[];
  readonly word: Local;
}

const fiveTimes = [0, 1, 2, 3, 4];

export function columnParities(lanes: Lanes, state: StatePlace, { parities }: RoundLocals): Code {
  return sequence(
    ...fiveTimes.map((x) =>
      at(parities, x).set(fiveTimes.map((y) => state.load(x + 5 * y)).reduce((left, right) => lanes.xor(left, right))),
    ),
  );
}

/**
 * One round from one place to another. The 25 words do not fit into the registers of any processor at hand, so the state stays in
 * memory on purpose and the five words of a row are all that is held: measured a sixth faster than leaving the choice to the engine.
 */
export function keccakRound(
  lanes: Lanes,
  { from, to, constant }: { from: StatePlace; to: StatePlace; constant: Code },
  locals: RoundLocals,
): Code {
  const { parities, effects, row, word } = locals;
  const mixColumns = fiveTimes.map((x) =>
    at(effects, x).set(lanes.xor(at(parities, x + 4).value, lanes.rotateLeft(at(parities, x + 1), 1))),
  );
  const rows = fiveTimes.flatMap((y) => [
    // The word that lands in column x of row y comes from column x + 3·y of row x.
    ...fiveTimes.flatMap((x) => {
      const column = (x + 3 * y) % 5;
      const source = column + 5 * x;
      return [
        word.set(lanes.xor(from.load(source), at(effects, column).value)),
        at(row, x).set(lanes.rotateLeft(word, ROTATIONS[source]!)),
      ];
    }),
    ...fiveTimes.flatMap((x) => {
      const mixed = lanes.xor(at(row, x).value, lanes.without(at(row, x + 2).value, at(row, x + 1).value));
      const parity = at(parities, x);
      return [
        to.store(x + 5 * y, word.tee(x + y === 0 ? lanes.xor(mixed, constant) : mixed)),
        parity.set(y === 0 ? word.value : lanes.xor(parity.value, word.value)),
      ];
    }),
  ]);
  return sequence(...mixColumns, ...rows);
}

function at(locals: readonly Local[], x: number): Local {
  return locals[x % 5]!;
}
