/**
 * The one table that says what every failure of the Sora upstream means: whether the paid request may have been accepted, whose fault
 * it was, and what becomes of the token. Source: sora-web.md 1.5, 4.4 to 4.8. The first row that matches decides.
 */
import type { ErrorCode } from '@reelay/contracts/errors';
import type { UpstreamResponse } from '@reelay/contracts/provider';
import {
  type Fault,
  isTransportError,
  isUpstreamError,
  type SubmitClass,
  type TokenEffect,
  type TransportError,
  UpstreamError,
} from '@reelay/contracts/upstream-error';
import { type FailedAnswer, readFailedAnswer, toSafeLine } from './failed-answer.js';

export interface UpstreamStep {
  /**
   * - `call`: repeating it costs nothing, so a lost answer is no loss.
   * - `submit`: the paid request.
   * - `exchange`: spends a refresh token, so a lost answer may have cost it.
   */
  readonly kind: 'call' | 'submit' | 'exchange';
  /** Method and path, for people who read the message. */
  readonly name: string;
}

interface Failure {
  readonly step: UpstreamStep;
  /** Undefined when there was none. */
  readonly answer?: FailedAnswer;
  readonly cause?: unknown;
  readonly transport?: TransportError;
}

interface Row {
  readonly name: string;
  readonly matches: (failure: Failure) => boolean;
  readonly code: ErrorCode;
  readonly submitClass: SubmitClass;
  readonly fault: Fault | ((failure: Failure) => Fault);
  readonly effect?: TokenEffect['effect'];
  /** What happened; `advice` says what to do about it. */
  readonly says: string;
  readonly advice: string;
}

/** For a step that threw instead of answering. */
export function classifyFailure(step: UpstreamStep, cause: unknown): UpstreamError {
  if (isUpstreamError(cause)) return cause;
  return classify({ step, cause, ...(isTransportError(cause) ? { transport: cause } : {}) });
}

/** For an answer that is not the one the step needs: any refusal, and any success that cannot be read. */
export function classifyAnswer(step: UpstreamStep, response: UpstreamResponse, nowMs: number): UpstreamError {
  return classify({ step, answer: readFailedAnswer(response, nowMs) });
}

export const failureTable: readonly Row[] = [
  {
    name: 'stopped before sending',
    matches: ({ transport }) => transport?.phase === 'before_send',
    code: 'service_unavailable',
    submitClass: 'not_sent',
    fault: 'upstream',
    says: 'The request was held back before its first byte',
    advice: 'It is tried again.',
  },
  {
    name: 'proxy unreachable',
    matches: ({ transport }) => transport?.sent === false && transport.hop === 'proxy',
    code: 'upstream_unavailable',
    submitClass: 'not_sent',
    fault: 'proxy',
    says: "The account's proxy could not be used, so nothing was sent",
    advice: 'Check its address, user and password.',
  },
  {
    name: 'upstream unreachable',
    matches: ({ transport }) => transport?.sent === false,
    code: 'upstream_unavailable',
    submitClass: 'not_sent',
    fault: 'upstream',
    says: 'The upstream could not be reached, so nothing was sent',
    advice: 'It is tried again; check the network if this goes on.',
  },
  {
    name: 'answer lost',
    matches: ({ answer, step }) => !answer && step.kind !== 'call',
    code: 'upstream_outcome_unknown',
    submitClass: 'unknown',
    fault: faultOfHop,
    says: 'The connection failed after the request had left',
    advice: 'Whether it was accepted is found out before anything is repeated.',
  },
  {
    name: 'call lost',
    matches: ({ answer }) => !answer,
    code: 'upstream_unavailable',
    submitClass: 'not_sent',
    fault: faultOfHop,
    says: 'The connection failed before an answer came',
    advice: 'It is tried again.',
  },
  {
    name: 'Cloudflare challenge',
    matches: ({ answer }) => answer?.isCloudflareChallenge === true,
    code: 'upstream_unavailable',
    submitClass: 'not_sent',
    fault: 'proxy',
    effect: 'cool_down',
    says: 'Cloudflare asked this address to prove that it is a browser and let nothing through',
    advice: 'Use another proxy for the account.',
  },
  {
    name: 'unsupported country',
    matches: ({ answer }) => isRefusal(answer) && answer.code === 'unsupported_country_code',
    code: 'country_not_supported',
    submitClass: 'refused',
    fault: 'proxy',
    effect: 'cool_down',
    says: 'The upstream does not serve the country this request left from',
    advice: 'Give the account a proxy in a country it serves.',
  },
  {
    name: 'access token rejected',
    matches: ({ answer }) => answer?.status === 401 || (isRefusal(answer) && hasCode(answer, deadTokenCodes)),
    code: 'credential_unavailable',
    submitClass: 'refused',
    fault: 'token',
    effect: 'credential_rejected',
    says: "The account's credential is not accepted any more",
    advice: 'It is refreshed if a session or refresh token is stored; otherwise add the account again.',
  },
  {
    name: 'refresh token rejected',
    matches: ({ answer, step }) =>
      step.kind === 'exchange' && answer?.isWellFormed === true && [400, 403].includes(answer.status),
    code: 'credential_unavailable',
    submitClass: 'refused',
    fault: 'token',
    effect: 'credential_rejected',
    says: 'The refresh token was refused',
    advice: 'Add the account again with a new one.',
  },
  {
    name: 'rate limit',
    matches: ({ answer }) => answer?.status === 429 || (isRefusal(answer) && hasCode(answer, limitCodes)),
    code: 'upstream_unavailable',
    submitClass: 'refused',
    fault: 'token',
    effect: 'cool_down',
    says: 'The account has reached a limit of the upstream',
    advice: 'It rests for a while; more accounts carry more work.',
  },
  {
    name: 'overload',
    matches: ({ answer }) => isRefusal(answer) && /heavy[_ ]load/i.test(answer.text),
    code: 'upstream_unavailable',
    submitClass: 'refused',
    fault: 'upstream',
    says: 'The upstream is under heavy load and took nothing',
    advice: 'It is tried again later.',
  },
  {
    name: 'content policy',
    matches: ({ answer, step }) =>
      step.kind === 'submit' && isReadableRefusal(answer) && contentPolicy.test(answer.text),
    code: 'content_policy_violation',
    submitClass: 'refused',
    fault: 'client',
    says: 'The upstream refused the content',
    advice: 'Change the prompt or the reference.',
  },
  {
    // Never the token's fault: an outdated client profile would otherwise cost every account of the pool.
    name: 'proof refused',
    matches: ({ answer, step }) =>
      step.kind === 'submit' && isReadableRefusal(answer) && /sentinel|proof.?of.?work/i.test(answer.text),
    code: 'upstream_refused',
    submitClass: 'refused',
    fault: 'upstream',
    says: 'The upstream refused the proof of work',
    advice: 'A new one is made; if this goes on, the client profile is out of date.',
  },
  {
    name: 'account not allowed',
    matches: ({ answer }) => answer?.status === 402 || answer?.status === 403,
    code: 'upstream_refused',
    submitClass: 'refused',
    fault: 'token',
    effect: 'cool_down',
    says: 'The upstream does not let this account do that',
    advice: "Check the account's plan and state in the upstream's own app.",
  },
  {
    name: 'no such route',
    matches: ({ answer }) => answer?.status === 404 || answer?.status === 405,
    code: 'upstream_refused',
    submitClass: 'refused',
    fault: 'upstream',
    says: 'The upstream has no such address',
    advice: 'Its API may have changed, or the base URL is wrong.',
  },
  {
    name: 'request refused',
    matches: ({ answer, step }) => step.kind === 'submit' && isReadableRefusal(answer),
    code: 'upstream_refused',
    submitClass: 'refused',
    fault: 'client',
    says: 'The upstream refused the request',
    advice: 'Change what its reason names.',
  },
  {
    name: 'answer of a once-only step unreadable',
    matches: ({ answer, step }) => step.kind !== 'call' && !(step.kind === 'exchange' && isReadableRefusal(answer)),
    code: 'upstream_outcome_unknown',
    submitClass: 'unknown',
    fault: 'upstream',
    says: 'The answer does not say whether the request was accepted',
    advice: 'That is found out before anything is repeated.',
  },
  {
    name: 'answer unusable',
    matches: () => true,
    code: 'upstream_unavailable',
    submitClass: 'not_sent',
    fault: 'upstream',
    says: 'The answer cannot be used',
    advice: 'It is tried again.',
  },
];

const deadTokenCodes = ['token_invalidated', 'token_expired'];
const limitCodes = ['too_many_concurrent_tasks', 'rate_limit_exceeded', 'rate_limit_reached', 'rate_limit_exhausted'];
const contentPolicy = /content[_ -]polic|content[_ -]violat|guardrail|moderation/i;

function classify(failure: Failure): UpstreamError {
  const row = failureTable.find((candidate) => candidate.matches(failure)) ?? failureTable.at(-1)!;
  return new UpstreamError({
    code: row.code,
    message: `${row.says} (${describe(failure)}). ${row.advice}`,
    submitClass: row.submitClass,
    fault: typeof row.fault === 'function' ? row.fault(failure) : row.fault,
    tokenEffect: effectOf(row, failure),
    // What `beforeSend` threw is what its author looks for.
    cause: failure.transport?.phase === 'before_send' ? (failure.transport.cause ?? failure.transport) : failure.cause,
  });
}

function effectOf({ effect = 'none' }: Row, { answer }: Failure): TokenEffect {
  if (effect !== 'cool_down' || answer?.retryAfterMs === undefined) return { effect };
  return { effect, retryAfterMs: answer.retryAfterMs };
}

function describe({ step, answer, cause }: Failure): string {
  if (!answer) return `${step.name}: ${toSafeLine(cause instanceof Error ? cause.message : 'unexpected failure')}`;
  const reason = answer.message === '' ? '' : `: ${answer.message}`;
  return `${step.name} answered ${answer.status}${reason}`;
}

function faultOfHop({ transport }: Failure): Fault {
  return transport?.hop === 'proxy' ? 'proxy' : 'upstream';
}

function hasCode({ code }: FailedAnswer, codes: readonly string[]): boolean {
  return code !== undefined && codes.includes(code);
}

function isRefusal(answer: FailedAnswer | undefined): answer is FailedAnswer {
  return answer !== undefined && answer.status >= 400 && answer.status < 500;
}

/** 408 is left out: a gateway in between says so when it gave up waiting, whatever the upstream did. */
function isReadableRefusal(answer: FailedAnswer | undefined): answer is FailedAnswer {
  return isRefusal(answer) && answer.isWellFormed && answer.status !== 408;
}
