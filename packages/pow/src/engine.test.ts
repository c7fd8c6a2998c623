import { wholeRange } from './challenge.js';
import { emitCore } from './core/emit-core.js';
import { twoLanes } from './core/lanes.js';
import { type WebAssemblyApi, webAssemblyHere } from './core/web-assembly.js';
import { createEngine, engineNames } from './engine.js';
import { goldenProfile, goldenProofs } from './golden-vectors.js';
import { solve } from './solve.js';

const here = webAssemblyHere()!;
const challenge = { ...goldenProofs[1], config: goldenProfile };

/** An engine without the vector extension refuses the module that uses it. */
const withoutSimd: WebAssemblyApi = {
  Instance: here.Instance,
  Module: class extends here.Module {
    constructor(bytes: Uint8Array) {
      if (Buffer.from(bytes).equals(emitCore(twoLanes))) throw new Error('Wasm SIMD unsupported');
      super(bytes);
    }
  },
};

/** An engine that runs everything and gets it wrong. */
const broken: WebAssemblyApi = {
  Module: here.Module,
  Instance: class {
    readonly exports: unknown;
    constructor(module: object) {
      const { exports } = new here.Instance(module);
      this.exports = { ...(exports as object), search: () => 7 };
    }
  },
};

test('searches two numbers at a time where that is possible, with nothing to explain', () => {
  expect(createEngine()).toEqual({ name: 'simd', begin: expect.any(Function) });
});

test.each(engineNames)('the engine %s finds what the reference finds', (name) => {
  const engine = createEngine(name);
  expect(engine.name).toBe(name);
  expect(engine.begin(challenge).advance(wholeRange.to)).toEqual(solve(challenge));
});

test('falls back to one number at a time where there is no SIMD, and says why', () => {
  const engine = createEngine('simd', withoutSimd);
  expect(engine).toMatchObject({ name: 'scalar', fallbackReason: 'simd: Wasm SIMD unsupported' });
  expect(engine.begin(challenge).advance(wholeRange.to)).toEqual(solve(challenge));
});

test('falls back to JavaScript where compiled code gives wrong answers, and says why', () => {
  const engine = createEngine('simd', broken);
  expect(engine.name).toBe('javascript');
  expect(engine.fallbackReason).toMatch(/^simd: it does not find what the reference finds; scalar: it does not/);
  expect(engine.begin(challenge).advance(wholeRange.to)).toEqual(solve(challenge));
});

test('an engine slower than asked for is never looked for', () => {
  expect(createEngine('javascript', broken)).toEqual({ name: 'javascript', begin: expect.any(Function) });
});
