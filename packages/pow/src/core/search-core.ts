import {
  type Challenge,
  encodeProfile,
  notFound,
  type Proof,
  type ProofSearch,
  type Puzzle,
  profileJson,
  readChallenge,
  type SearchRange,
  wholeRange,
} from '../challenge.js';
import { emitCore } from './emit-core.js';
import { RATE_BYTES, STATE_WORDS } from './keccak.js';
import type { Lanes } from './lanes.js';
import { field, HALF_FIELD, MESSAGE, NUMBER_FIELD, STARTING_STATE, STATE, TARGET } from './memory-layout.js';
import type { WebAssemblyApi } from './web-assembly.js';

/** What emitCore defines. */
interface CoreExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  absorb(from: number, to: number): void;
  search(number: number, end: number, firstBlock: number, afterBlocks: number, targetBytes: number): number;
}

/** What the memory is filled for: a puzzle and numbers of as many digits as one another, so that nothing else differs in their messages. */
interface Layout {
  readonly puzzle: Puzzle;
  readonly end: number;
  /** Addresses in the message: before the first everything is the same in all tries. */
  readonly firstBlock: number;
  readonly afterBlocks: number;
}

/** One instance of the module. All searches of a thread take turns on it and lay out their message when it is not theirs. */
export class SearchCore {
  readonly #exports: CoreExports;
  readonly #lanes: Lanes;
  readonly #memory: Buffer;
  #layout: Layout | undefined;

  constructor(webAssembly: WebAssemblyApi, lanes: Lanes) {
    const module = new webAssembly.Module(emitCore(lanes));
    this.#exports = new webAssembly.Instance(module).exports as CoreExports;
    this.#lanes = lanes;
    this.#memory = Buffer.from(this.#exports.memory.buffer);
  }

  begin(challenge: Challenge, range?: SearchRange): ProofSearch {
    return new CoreSearch(this, readChallenge(challenge), range);
  }

  /** The first number of `from` … `to` − 1 that fulfils. All of them and their halves must have as many digits as `from` and its half. */
  search(puzzle: Puzzle, from: number, to: number): number | undefined {
    const end = sameDigitsEnd(from);
    if (this.#layout?.puzzle !== puzzle || this.#layout.end !== end) this.#layout = this.#layOut(puzzle, from, end);
    const { firstBlock, afterBlocks } = this.#layout;
    const found = this.#exports.search(from, to, firstBlock, afterBlocks, puzzle.target.length);
    return found < 0 ? undefined : found;
  }

  #layOut(puzzle: Puzzle, number: number, end: number): Layout {
    const json = profileJson(puzzle, number);
    const message = padded(puzzle.seed, json.toString('base64'));
    for (const [index, byte] of message.entries()) this.#writeMessageByte(index, byte);
    puzzle.target.copy(this.#memory, TARGET);

    const seedBytes = puzzle.seed.length;
    const numberAt = puzzle.beforeNumber.length;
    const numberEnd = numberAt + digits(number);
    const halfAt = numberEnd + puzzle.betweenNumbers.length;
    const firstChange = this.#writeField(NUMBER_FIELD, { json, seedBytes, from: numberAt, to: numberEnd });
    this.#writeField(HALF_FIELD, { json, seedBytes, from: halfAt, to: halfAt + digits(number >> 1) });

    const firstBlock = this.#blockAddress(Math.floor(firstChange / RATE_BYTES));
    const stateBytes = STATE_WORDS * this.#lanes.bytes;
    this.#memory.fill(0, STATE, STATE + stateBytes);
    this.#exports.absorb(this.#blockAddress(0), firstBlock);
    this.#memory.copyWithin(STARTING_STATE, STATE, STATE + stateBytes);
    return { puzzle, end, firstBlock, afterBlocks: this.#blockAddress(message.length / RATE_BYTES) };
  }

  /** Returns the index in the message of the first character that depends on the digits from `from` to `to`. */
  #writeField(
    record: number,
    { json, seedBytes, from, to }: { json: Buffer; seedBytes: number; from: number; to: number },
  ): number {
    const textFrom = from - (from % 3);
    const text = json.subarray(textFrom, Math.ceil(to / 3) * 3);
    const addressOf = (index: number) => record + field.text + index - textFrom;
    const at = seedBytes + (textFrom / 3) * 4;
    this.#memory.writeUInt32LE(addressOf(from), record + field.firstDigit);
    this.#memory.writeUInt32LE(addressOf(to), record + field.afterDigits);
    this.#memory.writeUInt32LE(addressOf(textFrom + text.length), record + field.afterText);
    this.#memory.writeUInt32LE(at, record + field.at);
    text.copy(this.#memory, record + field.text);
    return at;
  }

  #writeMessageByte(index: number, byte: number): void {
    const { count } = this.#lanes;
    const address = MESSAGE + 8 * count * (index >> 3) + (index & 7);
    for (let lane = 0; lane < count; lane += 1) this.#memory[address + 8 * lane] = byte;
  }

  #blockAddress(block: number): number {
    return MESSAGE + block * RATE_BYTES * this.#lanes.count;
  }
}

class CoreSearch implements ProofSearch {
  readonly #core: SearchCore;
  readonly #puzzle: Puzzle;
  readonly #end: number;
  #next: number;

  constructor(core: SearchCore, puzzle: Puzzle, { from, to } = wholeRange) {
    this.#core = core;
    this.#puzzle = puzzle;
    this.#next = from;
    this.#end = to;
  }

  advance(tries: number): Proof | undefined {
    const end = Math.min(this.#next + tries, this.#end);
    while (this.#next < end) {
      const until = Math.min(end, sameDigitsEnd(this.#next));
      const found = this.#core.search(this.#puzzle, this.#next, until);
      if (found !== undefined) return { solution: encodeProfile(this.#puzzle, found), solved: true };
      this.#next = until;
    }
    return end === this.#end ? notFound(this.#puzzle) : undefined;
  }
}

/** The next number that has more digits than this one, or whose half has. */
function sameDigitsEnd(number: number): number {
  const power = 10 ** digits(number);
  const halfGrows = power / 5;
  return number >= 10 && number < halfGrows ? halfGrows : power;
}

function digits(number: number): number {
  return String(number).length;
}

/** SHA-3 ends a message with the bits 0110…01. */
function padded(seed: Buffer, solution: string): Buffer {
  const length = seed.length + solution.length;
  const blocks = Math.floor(length / RATE_BYTES) + 1;
  const message = Buffer.alloc(blocks * RATE_BYTES);
  seed.copy(message);
  message.write(solution, seed.length, 'latin1');
  message[length] = 0x06;
  message[message.length - 1]! |= 0x80;
  return message;
}
