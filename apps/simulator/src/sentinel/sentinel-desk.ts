import { z } from 'zod';
import type { Clock } from '../clock.js';
import { UpstreamError } from '../http/upstream-error.js';
import type { SeededSource } from '../seeded-source.js';
import type { Speed } from '../tasks/speed.js';
import { type Dialect, findDialect, type SentinelCall } from './dialects.js';
import { CHALLENGE_PREFIX, isSolved, OWN_PREFIX, parseProof, SUFFIX } from './proof.js';

export interface SentinelAnswer {
  readonly token: string;
  readonly turnstile: { readonly dx: string };
  readonly proofofwork: { readonly required: boolean; readonly seed?: string; readonly difficulty?: string };
}

export interface SentinelRequest {
  readonly p: string;
  readonly id: string;
  readonly flow: string;
}

interface Issued {
  readonly request: SentinelRequest;
  readonly answer: SentinelAnswer;
  readonly dialect: Dialect;
  readonly account: string | undefined;
  readonly userAgent: string;
  readonly expiresAt: number;
  isUsed: boolean;
}

interface SentinelOptions {
  readonly speed: () => Speed;
  readonly keptMost: number;
}

const tokenSchema = z.strictObject({ p: z.string(), t: z.string(), c: z.string(), id: z.string(), flow: z.string() });

/** Hands out sentinel tokens and takes each of them back once, with a proof that the asked work was done. */
export class SentinelDesk {
  /** By token, oldest first. Used ones stay until they expire: a replay must be told from an unknown token. */
  readonly #issued = new Map<string, Issued>();

  constructor(
    private readonly now: Clock,
    private readonly source: SeededSource,
    private readonly options: SentinelOptions,
  ) {}

  reset(): void {
    this.#issued.clear();
  }

  /** Where no account is known, the token is good for any; it is bound to the id in either case. */
  issue(request: SentinelRequest, account: string | undefined, call: SentinelCall): SentinelAnswer {
    const dialect = findDialect(request.flow) ?? refuse(`the flow "${request.flow}" is unknown`);
    const proof = parseProof(request.p, OWN_PREFIX, dialect);
    if (typeof proof === 'string') refuse(proof);
    const strangeness = dialect.findStrangeness(call, proof.userAgent);
    if (strangeness !== undefined) refuse(strangeness);
    const { difficulty, proofRequired, sentinelTtlMs } = this.options.speed();
    const answer: SentinelAnswer = {
      token: this.source.bytes('sentinel').toString('base64url'),
      turnstile: { dx: this.source.bytes('sentinel').toString('base64') },
      proofofwork: proofRequired
        ? { required: true, seed: String(this.source.number('sentinel')), difficulty }
        : { required: false },
    };
    const expiresAt = this.now() + sentinelTtlMs;
    this.#forget();
    const { userAgent } = proof;
    this.#issued.set(answer.token, { request, answer, dialect, account, userAgent, expiresAt, isUsed: false });
    return answer;
  }

  /** Checks the header of a create call and uses its token up; returns the id of the sentinel request it belongs to. */
  redeem(header: string | undefined, account: string): string {
    if (header === undefined) refuse('the header openai-sentinel-token is missing');
    const token = tokenSchema.safeParse(parseJson(header));
    if (!token.success) refuse('the header must be a JSON object with exactly the keys p, t, c, id and flow');
    const { p, t, c, id, flow } = token.data;
    const issued = this.#issued.get(c) ?? refuse('c is not a token that was issued here');
    if (issued.isUsed) refuse('this token was used before');
    if (issued.expiresAt <= this.now()) refuse('this token has expired');
    if (issued.account !== undefined && issued.account !== account) refuse('this token was issued to another account');
    if (id !== issued.request.id) refuse('id is not the one of the sentinel request');
    if (t !== issued.answer.turnstile.dx) refuse('t is not the challenge that was issued');
    if (flow !== issued.dialect.tokenFlow) refuse(`flow must be "${issued.dialect.tokenFlow}"`);
    if (!p.endsWith(SUFFIX)) refuse(`p must end with ${SUFFIX}`);
    checkWork(p.slice(0, -SUFFIX.length), issued);
    issued.isUsed = true;
    return id;
  }

  #forget(): void {
    const now = this.now();
    for (const [token, { expiresAt }] of this.#issued) {
      if (expiresAt > now && this.#issued.size < this.options.keptMost) return;
      this.#issued.delete(token);
    }
  }
}

function checkWork(p: string, { request, answer, dialect, userAgent }: Issued): void {
  const { seed, difficulty } = answer.proofofwork;
  if (seed === undefined || difficulty === undefined) {
    if (p !== request.p) refuse('no work was asked for, so p must be the one of the sentinel request');
    return;
  }
  const proof = parseProof(p, CHALLENGE_PREFIX, dialect);
  if (typeof proof === 'string') refuse(proof);
  if (proof.userAgent !== userAgent) refuse('the proof names another browser than the sentinel request');
  if (!isSolved(proof.solution, seed, difficulty)) refuse('the proof does not meet the difficulty');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(reason: string): never {
  throw new UpstreamError(400, 'sentinel_refused', `Sentinel: ${reason}`, 'openai-sentinel-token');
}
