import { type Code, I32, i32, Local, unsigned, type ValueType } from './instructions.js';

/** What the body of a function may name. Parameters are declared before other locals: the format numbers them together. */
export interface Scope {
  parameter(): Local;
  local(type: ValueType): Local;
}

/** Puts the call on the stack's top: the arguments are expressions. */
export type Call = (...values: readonly Code[]) => Code;

interface WrittenFunction {
  readonly name: string;
  readonly parameters: number;
  readonly hasResult: boolean;
  readonly body: Code;
}

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const MEMORY = 'memory';

/** Writes a module of one memory and some exported functions. Parameters and results are i32. */
export class ModuleWriter {
  readonly #functions: WrittenFunction[] = [];
  readonly #data: Code[] = [];

  define(name: string, { hasResult = false }, write: (scope: Scope) => Code): Call {
    const locals: Local[] = [];
    let parameters = 0;
    const declare = (type: ValueType) => {
      const local = new Local(locals.length, type);
      locals.push(local);
      return local;
    };
    const code = write({
      parameter: () => {
        if (parameters++ !== locals.length) throw new Error(`${name}: parameters come before other locals`);
        return declare(I32);
      },
      local: declare,
    });
    const own = locals.slice(parameters).map(({ type }) => [1, type]);
    const index = this.#functions.length;
    this.#functions.push({ name, parameters, hasResult, body: sized([...vector(own), ...code, 0x0b]) });
    return (...values) => [...values.flat(), 0x10, ...unsigned(index)];
  }

  /** Bytes that are in memory from the beginning. */
  data(address: number, bytes: Iterable<number>): void {
    this.#data.push([0, ...i32.constant(address), 0x0b, ...sized([...bytes])]);
  }

  bytes(memoryPages: number): Uint8Array<ArrayBuffer> {
    const types = this.#functions.map(({ parameters, hasResult }) => [
      0x60,
      ...sized(Array<number>(parameters).fill(I32)),
      ...(hasResult ? [1, I32] : [0]),
    ]);
    const exported = this.#functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]);
    return Uint8Array.from([
      ...MAGIC_AND_VERSION,
      ...section(1, types),
      ...section(
        3,
        types.map((_, index) => unsigned(index)),
      ),
      ...section(5, [[1, ...unsigned(memoryPages), ...unsigned(memoryPages)]]),
      ...section(7, [[...text(MEMORY), 2, 0], ...exported]),
      ...section(
        10,
        this.#functions.map(({ body }) => body),
      ),
      ...section(11, this.#data),
    ]);
  }
}

function section(id: number, items: readonly Code[]): Code {
  return [id, ...sized(vector(items))];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(bytes: Code): Code {
  return [...unsigned(bytes.length), ...bytes];
}

function text(value: string): Code {
  return sized([...Buffer.from(value, 'utf8')]);
}
