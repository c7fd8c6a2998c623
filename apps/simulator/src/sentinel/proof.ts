import { createHash } from 'node:crypto';
import type { Dialect } from './dialects.js';

/** A solution that needed no answer from the server, and one to the server's challenge. */
export const OWN_PREFIX = 'gAAAAAC';
export const CHALLENGE_PREFIX = 'gAAAAAB';
export const SUFFIX = '~S';

const CONFIG_LENGTH = 18;
const MOST_TRIES = 500_000;
const USER_AGENT = 4;

/** A proof that is well-formed: the text that was hashed and the browser it claims to come from. */
export interface Proof {
  readonly solution: string;
  readonly userAgent: string;
}

/** Takes a proof (without its `~S`) apart; returns what is wrong with it where something is. */
export function parseProof(text: string, prefix: string, dialect: Dialect): Proof | string {
  if (!text.startsWith(prefix)) return `the proof must start with ${prefix}`;
  const solution = text.slice(prefix.length);
  const config = parseConfig(solution);
  if (config === undefined) return 'the proof is not the base64 text of a compact JSON array of 18 elements';
  const problem = findProblem(config, dialect);
  return problem ?? { solution, userAgent: String(config[USER_AGENT]) };
}

/** Whether the solution's hash is small enough: SHA3-512 over seed and solution, its first bytes at most the difficulty. */
export function isSolved(solution: string, seed: string, difficulty: string): boolean {
  const hash = createHash('sha3-512').update(seed).update(solution).digest();
  const limit = Buffer.from(difficulty, 'hex');
  return hash.subarray(0, limit.length).compare(limit) <= 0;
}

function parseConfig(solution: string): readonly unknown[] | undefined {
  const bytes = Buffer.from(solution, 'base64');
  // Node forgives what the upstream would not: another alphabet, missing padding, foreign characters.
  if (bytes.length === 0 || bytes.toString('base64') !== solution) return undefined;
  const text = bytes.toString('utf8');
  // Numbers may be written in any way, but with nothing between them.
  if (/\s/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, ''))) return undefined;
  try {
    const config: unknown = JSON.parse(text);
    return Array.isArray(config) && config.length === CONFIG_LENGTH ? config : undefined;
  } catch {
    return undefined;
  }
}

function findProblem(config: readonly unknown[], dialect: Dialect): string | undefined {
  const kinds = [
    'integer',
    'text',
    'number',
    'integer',
    'text',
    'text',
    'any',
    'text',
    'text',
    'integer',
    'text',
    'text',
    'text',
    'number',
    'text',
    'empty',
    'integer',
    'number',
  ];
  const wrong = kinds.findIndex((kind, index) => !isOfKind(config[index], kind));
  if (wrong >= 0) return `element ${wrong} of the proof's array is not ${kinds[wrong]}`;
  const tries = config[3];
  if (typeof tries === 'number' && (tries < 0 || tries >= MOST_TRIES)) return 'element 3 of the proof is out of range';
  return dialect.isPlausible(config)
    ? undefined
    : `elements 3, 6 and 9 of the proof do not fit the ${dialect.name} client`;
}

function isOfKind(value: unknown, kind: string): boolean {
  if (kind === 'any') return true;
  if (kind === 'empty') return value === '';
  if (kind === 'text') return typeof value === 'string' && value !== '';
  if (kind === 'integer') return Number.isInteger(value);
  return typeof value === 'number';
}
