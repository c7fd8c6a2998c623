import { hash } from 'node:crypto';

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

export const MOST_TRIES = 500_000;
const NOT_FOUND = 'wQ8Lk5FbGpA2NcR9dShT6gYjU7VxZ4D';

/** The whole search at once. It blocks its thread for up to seconds: apps use the solver, which calls this in slices. */
export function solve(challenge: Challenge): Proof {
  const search = new Search(challenge);
  return search.advance(MOST_TRIES) ?? notFound(challenge);
}

/**
 * A search that can be interrupted between tries. Each try is the profile as compact JSON with the try's number (element 3) and its
 * half (element 9) in place, as base64; SHA3-512(seed ‖ base64) must begin with bytes not above the difficulty.
 */
export class Search {
  readonly #challenge: Challenge;
  readonly #target: string;
  /** The seed, then room for a candidate: filled anew for every try, because allocating would cost a third of the time. */
  readonly #input: Buffer;
  readonly #seedBytes: number;
  readonly #beforeNumber: string;
  readonly #betweenNumbers: string;
  readonly #afterHalf: string;
  #next = 0;

  constructor(challenge: Challenge) {
    const { seed, difficulty, config } = challenge;
    if (!/^([0-9a-f]{2})+$/i.test(difficulty) || difficulty.length > 128) {
      throw new TypeError('a difficulty is 1 to 64 bytes in hexadecimal digits');
    }
    if (config.length !== 18) throw new TypeError('a client profile has 18 elements');
    this.#challenge = challenge;
    this.#target = difficulty.toLowerCase();
    this.#beforeNumber = `[${compact(config.slice(0, 3))},`;
    this.#betweenNumbers = `,${compact(config.slice(4, 9))},`;
    this.#afterHalf = `,${compact(config.slice(10))}]`;
    const seedBytes = Buffer.from(seed, 'utf8');
    this.#seedBytes = seedBytes.length;
    this.#input = Buffer.concat([seedBytes, Buffer.alloc(this.#candidate(MOST_TRIES).length)]);
  }

  /** At most `tries` more: a proof when found or when the last try is spent, undefined to go on. */
  advance(tries: number): Proof | undefined {
    const end = Math.min(this.#next + tries, MOST_TRIES);
    for (let number = this.#next; number < end; number += 1) {
      const solution = this.#candidate(number);
      if (this.#fulfils(solution)) return { solution, solved: true };
    }
    this.#next = end;
    return end === MOST_TRIES ? notFound(this.#challenge) : undefined;
  }

  #candidate(number: number): string {
    const json = `${this.#beforeNumber}${number}${this.#betweenNumbers}${number >> 1}${this.#afterHalf}`;
    return Buffer.from(json, 'utf8').toString('base64');
  }

  #fulfils(solution: string): boolean {
    const end = this.#seedBytes + this.#input.write(solution, this.#seedBytes, 'latin1');
    const digest = hash('sha3-512', this.#input.subarray(0, end), 'hex');
    // Hexadecimal texts of the same length and case stand in the order of their numbers.
    return digest.slice(0, this.#target.length) <= this.#target;
  }
}

function notFound(challenge: Challenge): Proof {
  return { solution: NOT_FOUND + Buffer.from(`"${challenge.seed}"`, 'utf8').toString('base64'), solved: false };
}

/** The elements without the brackets: no spaces, nothing but JSON's own characters escaped. */
function compact(elements: readonly unknown[]): string {
  return JSON.stringify(elements).slice(1, -1);
}
