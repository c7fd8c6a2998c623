import { hash } from 'node:crypto';
import {
  type Challenge,
  encodeProfile,
  MOST_TRIES,
  notFound,
  type Proof,
  type ProofSearch,
  type Puzzle,
  readChallenge,
  wholeRange,
} from './challenge.js';

/** The whole search at once, in JavaScript. It blocks its thread for seconds: tests and benches compare the core with it. */
export function solve(challenge: Challenge): Proof {
  const search = new ReferenceSearch(challenge);
  const proof = search.advance(MOST_TRIES);
  if (!proof) throw new Error('the search did not end after its last try');
  return proof;
}

/**
 * The rule itself, by the means of Node alone. Each try is the profile as compact JSON with the try's number (element 3) and its half
 * (element 9) in place, as base64; SHA3-512(seed ‖ base64) must begin with bytes not above the difficulty.
 */
export class ReferenceSearch implements ProofSearch {
  readonly #puzzle: Puzzle;
  readonly #target: string;
  /** The seed, then room for a candidate: filled anew for every try, because allocating would cost a third of the time. */
  readonly #input: Buffer;
  readonly #end: number;
  #next: number;

  constructor(challenge: Challenge, { from, to } = wholeRange) {
    this.#puzzle = readChallenge(challenge);
    this.#target = this.#puzzle.target.toString('hex');
    this.#input = Buffer.concat([this.#puzzle.seed, Buffer.alloc(encodeProfile(this.#puzzle, to).length)]);
    this.#next = from;
    this.#end = to;
  }

  advance(tries: number): Proof | undefined {
    const end = Math.min(this.#next + tries, this.#end);
    for (let number = this.#next; number < end; number += 1) {
      const solution = encodeProfile(this.#puzzle, number);
      if (this.#fulfils(solution)) return { solution, solved: true };
    }
    this.#next = end;
    return end === this.#end ? notFound(this.#puzzle) : undefined;
  }

  #fulfils(solution: string): boolean {
    const seedBytes = this.#puzzle.seed.length;
    const end = seedBytes + this.#input.write(solution, seedBytes, 'latin1');
    const digest = hash('sha3-512', this.#input.subarray(0, end), 'hex');
    // Hexadecimal texts of the same length and case stand in the order of their numbers.
    return digest.slice(0, this.#target.length) <= this.#target;
  }
}
