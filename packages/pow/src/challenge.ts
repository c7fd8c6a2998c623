export interface Challenge {
  readonly seed: string;
  /** Hexadecimal digits of even number; smaller is harder. */
  readonly difficulty: string;
  /** A client profile; its elements 3 and 9 are replaced by the search. */
  readonly config: readonly unknown[];
}

export interface Proof {
  /** Base64 of the profile that fulfils the challenge, or the literal that stands for "not found". */
  readonly solution: string;
  readonly solved: boolean;
}

/** The numbers to try; `to` is not among them. */
export interface SearchRange {
  readonly from: number;
  readonly to: number;
}

/** A search that can be interrupted between tries. */
export interface ProofSearch {
  /** About `tries` more: a proof when found or when the last number is spent, undefined to go on. */
  advance(tries: number): Proof | undefined;
}

export const MOST_TRIES = 500_000;
export const wholeRange: SearchRange = { from: 0, to: MOST_TRIES };

/** A seed comes from upstream, and the memory of the core is not endless. Real messages have some 700 bytes. */
export const MOST_MESSAGE_BYTES = 16_384;

const NOT_FOUND = 'wQ8Lk5FbGpA2NcR9dShT6gYjU7VxZ4D';

/** A challenge taken apart into what stays the same in every try. */
export interface Puzzle {
  readonly seed: Buffer;
  readonly target: Buffer;
  readonly beforeNumber: Buffer;
  readonly betweenNumbers: Buffer;
  readonly afterHalf: Buffer;
}

export function readChallenge({ seed, difficulty, config }: Challenge): Puzzle {
  if (!/^([0-9a-f]{2})+$/i.test(difficulty) || difficulty.length > 128) {
    throw new TypeError('a difficulty is 1 to 64 bytes in hexadecimal digits');
  }
  if (config.length !== 18) throw new TypeError('a client profile has 18 elements');
  const puzzle = {
    seed: Buffer.from(seed, 'utf8'),
    target: Buffer.from(difficulty, 'hex'),
    beforeNumber: Buffer.from(`[${compact(config.slice(0, 3))},`, 'utf8'),
    betweenNumbers: Buffer.from(`,${compact(config.slice(4, 9))},`, 'utf8'),
    afterHalf: Buffer.from(`,${compact(config.slice(10))}]`, 'utf8'),
  };
  const longest = puzzle.seed.length + encodeProfile(puzzle, MOST_TRIES).length;
  if (longest > MOST_MESSAGE_BYTES) {
    throw new TypeError(`seed and client profile are ${longest} bytes together, more than ${MOST_MESSAGE_BYTES}`);
  }
  return puzzle;
}

/** The profile of a try as compact JSON: the try's number is element 3, its half is element 9. */
export function profileJson({ beforeNumber, betweenNumbers, afterHalf }: Puzzle, number: number): Buffer {
  return Buffer.concat([
    beforeNumber,
    Buffer.from(String(number), 'latin1'),
    betweenNumbers,
    Buffer.from(String(number >> 1), 'latin1'),
    afterHalf,
  ]);
}

export function encodeProfile(puzzle: Puzzle, number: number): string {
  return profileJson(puzzle, number).toString('base64');
}

export function notFound({ seed }: Puzzle): Proof {
  return { solution: NOT_FOUND + Buffer.from(`"${seed.toString('utf8')}"`, 'utf8').toString('base64'), solved: false };
}

/** The elements without the brackets: no spaces, nothing but JSON's own characters escaped. */
function compact(elements: readonly unknown[]): string {
  return JSON.stringify(elements).slice(1, -1);
}
