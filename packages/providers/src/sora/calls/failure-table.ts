/**
 * The one table that says what every failure of the Sora upstream means: whether the paid request may have been accepted, whose fault
 * it was, and what becomes of the token. Source: sora-web.md 1.5, 4.4 to 4.8. The first row that matches decides.
 */
import type { ErrorCode } from '@reelay/contracts/errors';
import type { Fault, SubmitClass, TokenEffect, TransportError } from '@reelay/contracts/upstream-error';
import type { FailedAnswer } from './failed-answer.js';
import {
  countryCodes,
  deadTokenCodes,
  foreignParentWords,
  limitCodes,
  overloadWords,
  policyWords,
  proofWords,
  quotaWords,
  saysNameTaken,
} from './failure-words.js';
import { carriesClientsWork, isOnceOnly, type UpstreamStep } from './upstream-step.js';

export interface Failure {
  readonly step: UpstreamStep;
  /** Undefined when there was none. */
  readonly answer?: FailedAnswer;
  readonly cause?: unknown;
  readonly transport?: TransportError;
}

export interface FailureRow {
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

export const failureTable: readonly FailureRow[] = [
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
    matches: ({ answer, step }) => !answer && isOnceOnly(step),
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
    matches: ({ answer }) => isRefusal(answer) && hasCode(answer, countryCodes),
    code: 'country_not_supported',
    submitClass: 'refused',
    fault: 'proxy',
    effect: 'cool_down',
    says: 'The upstream does not serve the country this request left from',
    advice: 'Give the account a proxy in a country it serves.',
  },
  {
    // What its status says is not about the account, which was not named.
    name: 'media not given',
    matches: ({ answer, step }) => step.about === 'media' && answer !== undefined,
    code: 'upstream_unavailable',
    submitClass: 'not_sent',
    fault: 'upstream',
    says: 'The upstream did not hand out a file of its own',
    advice: 'It is tried again.',
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
    name: 'quota used up',
    matches: ({ answer }) => isReadableRefusal(answer) && quotaWords.test(answer.words),
    code: 'upstream_unavailable',
    submitClass: 'refused',
    fault: 'token',
    effect: 'cool_down',
    says: 'The account has used up what it may make for now',
    advice: 'It rests until the upstream counts anew; more accounts carry more work.',
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
    matches: ({ answer }) => isRefusal(answer) && overloadWords.test(answer.text),
    code: 'upstream_unavailable',
    submitClass: 'refused',
    fault: 'upstream',
    says: 'The upstream is under heavy load and took nothing',
    advice: 'It is tried again later.',
  },
  {
    name: 'refresh token rejected',
    // Behind all rows about a refusal that is not meant for good: a person has to add the account again.
    matches: ({ answer, step }) =>
      step.kind === 'exchange' && isReadableRefusal(answer) && [400, 403].includes(answer.status) && saysWhy(answer),
    code: 'credential_unavailable',
    submitClass: 'refused',
    fault: 'token',
    effect: 'credential_rejected',
    says: 'The refresh token was refused',
    advice: 'Add the account again with a new one.',
  },
  {
    name: 'content policy',
    matches: ({ answer, step }) =>
      carriesClientsWork(step) && isReadableRefusal(answer) && policyWords.test(answer.text),
    code: 'content_policy_violation',
    submitClass: 'refused',
    fault: 'client',
    says: 'The upstream refused the content',
    advice: 'Change the prompt or the reference.',
  },
  {
    // Never the token's fault: an outdated client profile would otherwise cost every account of the pool.
    name: 'proof refused',
    matches: ({ answer, step }) => step.kind === 'submit' && isReadableRefusal(answer) && proofWords.test(answer.text),
    code: 'upstream_refused',
    submitClass: 'refused',
    fault: 'upstream',
    says: 'The upstream refused the proof of work',
    advice: 'A new one is made; if this goes on, the client profile is out of date.',
  },
  {
    // Also unreadable: whoever stops a body for its size or kind stops it before the upstream reads it.
    name: 'reference refused',
    matches: ({ answer, step }) =>
      step.about === 'reference' &&
      (answer?.status === 413 ||
        answer?.status === 415 ||
        (isReadableRefusal(answer) && [400, 422].includes(answer.status))),
    code: 'invalid_reference',
    submitClass: 'refused',
    fault: 'client',
    says: 'The upstream does not take this image or video',
    advice: 'Use another one.',
  },
  {
    // Nobody's fault: the step begins anew, and with it the choice of a name.
    name: 'name taken',
    matches: ({ answer, step }) =>
      step.about === 'character' && isReadableRefusal(answer) && (answer.status === 409 || saysNameTaken(answer.words)),
    code: 'upstream_unavailable',
    submitClass: 'refused',
    fault: 'upstream',
    says: "The name chosen for the character is somebody else's",
    advice: 'Another one is chosen.',
  },
  {
    name: 'character gone',
    matches: ({ answer, step }) =>
      step.about === 'character' && isReadableRefusal(answer) && [404, 410].includes(answer.status),
    code: 'character_failed',
    submitClass: 'refused',
    fault: 'client',
    says: 'The upstream does not know the character any more that was being made',
    advice: 'Send the request again.',
  },
  {
    name: 'parent unknown',
    matches: ({ answer, step }) => step.about === 'parent' && isUnknownParent(answer),
    // As for an id of somebody else's: which of the two it is, is nobody's business.
    code: 'not_found',
    submitClass: 'refused',
    fault: 'client',
    says: 'The account has nothing under the id that was named',
    advice: 'Check the id; a draft can only be used on the account that made it.',
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
    matches: ({ answer, step }) => carriesClientsWork(step) && isReadableRefusal(answer),
    code: 'upstream_refused',
    submitClass: 'refused',
    fault: 'client',
    says: 'The upstream refused the request',
    advice: 'Change what its reason names.',
  },
  {
    name: 'answer of a once-only step unreadable',
    matches: ({ answer, step }) => isOnceOnly(step) && !(step.kind === 'exchange' && isReadableRefusal(answer)),
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

function faultOfHop({ transport }: Failure): Fault {
  return transport?.hop === 'proxy' ? 'proxy' : 'upstream';
}

function hasCode({ code }: FailedAnswer, codes: readonly string[]): boolean {
  return code !== undefined && codes.includes(code);
}

function saysWhy({ message }: FailedAnswer): boolean {
  return message !== '';
}

function isRefusal(answer: FailedAnswer | undefined): answer is FailedAnswer {
  return answer !== undefined && answer.status >= 400 && answer.status < 500;
}

/** 408 is left out: a gateway in between says so when it gave up waiting, whatever the upstream did. */
function isReadableRefusal(answer: FailedAnswer | undefined): answer is FailedAnswer {
  return isRefusal(answer) && answer.isWellFormed && answer.status !== 408;
}

function isUnknownParent(answer: FailedAnswer | undefined): boolean {
  if (!isReadableRefusal(answer)) return false;
  return [404, 410].includes(answer.status) || (answer.status === 403 && foreignParentWords.test(answer.words));
}
