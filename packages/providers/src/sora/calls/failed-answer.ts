import type { UpstreamResponse } from '@reelay/contracts/provider';
import { cutText, toStorableText } from '@reelay/contracts/storable-text';
import { shieldCode } from './failure-words.js';
import { parseJson } from './parse-json.js';

/** An answer that was not what was hoped for, read as far as it can be read. */
export interface FailedAnswer {
  readonly status: number;
  /** A JSON object: whoever wrote it knew what it refused. Anything else may come from a machine in between. */
  readonly isWellFormed: boolean;
  readonly isCloudflareChallenge: boolean;
  readonly code: string | undefined;
  /** The upstream's own words, one line, shortened, without anything that looks like a secret; empty when there are none. */
  readonly message: string;
  /** Code and message without what they repeat of the request: names, and what stands in quotation marks. */
  readonly words: string;
  /** The whole body without names, for words that may stand anywhere in it. */
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

const longestMessage = 300;
const longestRetryAfterMs = 24 * 3_600_000;
/**
 * The pages and lines with which Cloudflare's edge turns a request away. Its script `challenge-platform` is no mark: it stands in every
 * page that is passed on as well.
 */
const challengeMarks =
  /just a moment\.\.\.|cf[-_]chl|attention required! \| cloudflare|used cloudflare to restrict access|^error code: 1\d{3}\s*$/i;
/** A prompt names characters so, and a refusal repeats them. */
const names = /@[\w.]+/g;
const quotations = /"[^"]*"|\u201c[^\u201c\u201d]*\u201d/g;
/** JSON web tokens and proofs of work; an upstream may echo what it was sent. */
const secretLike = /\b(eyJ|gAAAAA)[\w.+/=~-]{16,}/g;

/** `secrets` are what was sent and looks like nothing in particular. */
export function readFailedAnswer(
  response: UpstreamResponse,
  nowMs: number,
  secrets: readonly string[] = [],
): FailedAnswer {
  const body = parseObject(response.text);
  const { code, reason } = body === undefined ? { code: undefined, reason: '' } : readError(body);
  return {
    status: response.status,
    isWellFormed: body !== undefined,
    isCloudflareChallenge: isChallenge(response, { isWellFormed: body !== undefined, code }),
    code,
    message: toSafeLine(reason, secrets),
    words: `${code ?? ''} ${reason.replace(names, '').replace(quotations, '')}`,
    text: response.text.replace(names, ''),
    retryAfterMs: readRetryAfter(response.headers['retry-after'], nowMs),
  };
}

/** One line that may be stored and shown. Secrets go before the cut, which could leave half of one. */
export function toSafeLine(text: string, secrets: readonly string[] = []): string {
  const open = secrets.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '[hidden]')), text);
  const line = toStorableText(open).replace(secretLike, '[hidden]').replace(/\s+/g, ' ').trim();
  return cutText(line, longestMessage);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/** `error` is an object by the rule, and a string or null by experience (OAuth, FastAPI's `detail`, edge functions). */
function readError(body: Record<string, unknown>): { code: string | undefined; reason: string } {
  const { error } = body;
  const source = isObject(error) ? error : body;
  const code = textOf(source.code) ?? (typeof error === 'string' && /^[\w.-]+$/.test(error) ? error : undefined);
  const reason =
    textOf(source.message) ?? textOf(body.error_description) ?? textOf(body.detail) ?? textOf(error) ?? code ?? '';
  return { code, reason };
}

/** Cloudflare stops a request at its edge: what it answers for never reached the upstream. */
function isChallenge(
  response: UpstreamResponse,
  { isWellFormed, code }: Pick<FailedAnswer, 'isWellFormed' | 'code'>,
): boolean {
  if (code === shieldCode && response.status >= 400 && response.status < 500) return true;
  if (![403, 429, 503].includes(response.status)) return false;
  if (response.headers['cf-mitigated'] === 'challenge') return true;
  return !isWellFormed && challengeMarks.test(response.text);
}

/** Seconds or an HTTP date. */
function readRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), longestRetryAfterMs) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
