import type { Challenge, ProofSearch, SearchRange } from './challenge.js';
import { type Lanes, oneLane, twoLanes } from './core/lanes.js';
import { SearchCore } from './core/search-core.js';
import { type WebAssemblyApi, webAssemblyHere } from './core/web-assembly.js';
import { ReferenceSearch } from './solve.js';

/** From the fastest to the one that works everywhere: two tries at a time, one at a time, Node's own hash. */
export const engineNames = ['simd', 'scalar', 'javascript'] as const;
export type EngineName = (typeof engineNames)[number];

export interface EngineReport {
  readonly name: EngineName;
  /** Why it is not a faster one; undefined for the one that was asked for. */
  readonly fallbackReason?: string;
}

export interface Engine extends EngineReport {
  begin(challenge: Challenge, range?: SearchRange): ProofSearch;
}

const lanesOf: Record<Exclude<EngineName, 'javascript'>, Lanes> = { simd: twoLanes, scalar: oneLane };

/** The first from `fastest` downwards that this machine runs and that gives the same answers as the reference. */
export function createEngine(
  fastest: EngineName = 'simd',
  webAssembly: WebAssemblyApi | undefined = webAssemblyHere(),
): Engine {
  const reasons: string[] = [];
  for (const name of engineNames.slice(engineNames.indexOf(fastest))) {
    try {
      const begin = name === 'javascript' ? beginReference : beginCore(name, webAssembly);
      return { name, begin, ...(reasons.length > 0 ? { fallbackReason: reasons.join('; ') } : {}) };
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`no engine can search: ${reasons.join('; ')}`);
}

function beginReference(challenge: Challenge, range?: SearchRange): ProofSearch {
  return new ReferenceSearch(challenge, range);
}

function beginCore(name: keyof typeof lanesOf, webAssembly: WebAssemblyApi | undefined): Engine['begin'] {
  if (!webAssembly) throw new Error('there is no WebAssembly here');
  const core = new SearchCore(webAssembly, lanesOf[name]);
  checkAgainstReference(core);
  return (challenge, range) => core.begin(challenge, range);
}

/** A wrong answer costs a submit: a core that was compiled wrongly must not search at all. */
function checkAgainstReference(core: SearchCore): void {
  const challenge = {
    seed: '0.25',
    difficulty: '03ff',
    config: Array.from({ length: 18 }, (_, index) => `element ${index}`),
  };
  const range = { from: 0, to: 200 };
  const expected = new ReferenceSearch(challenge, range).advance(range.to);
  const proof = core.begin(challenge, range).advance(range.to);
  if (!expected?.solved || proof?.solution !== expected.solution)
    throw new Error('it does not find what the reference finds');
}
