import type { UpstreamResponse } from '@reelay/contracts/provider';
import { isTransportError, isUpstreamError, type TokenEffect, UpstreamError } from '@reelay/contracts/upstream-error';
import { readFailedAnswer, toSafeLine } from './failed-answer.js';
import { type Failure, type FailureRow, failureTable } from './failure-table.js';
import type { UpstreamStep } from './upstream-step.js';

/** For a step that threw instead of answering. */
export function classifyFailure(step: UpstreamStep, cause: unknown): UpstreamError {
  if (isUpstreamError(cause)) return cause;
  return classify({ step, cause, ...(isTransportError(cause) ? { transport: cause } : {}) });
}

/** For an answer that is not the one the step needs: any refusal, and any success that cannot be read. */
export function classifyAnswer(step: UpstreamStep, response: UpstreamResponse, nowMs: number): UpstreamError {
  return classify({ step, answer: readFailedAnswer(response, nowMs, step.secrets) });
}

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

function effectOf({ effect = 'none' }: FailureRow, { answer }: Failure): TokenEffect {
  if (effect !== 'cool_down' || answer?.retryAfterMs === undefined) return { effect };
  return { effect, retryAfterMs: answer.retryAfterMs };
}

function describe({ step, answer, cause }: Failure): string {
  if (!answer) {
    const reason = cause instanceof Error ? cause.message : 'unexpected failure';
    return `${step.name}: ${toSafeLine(reason, step.secrets)}`;
  }
  const reason = answer.message === '' ? '' : `: ${answer.message}`;
  return `${step.name} answered ${answer.status}${reason}`;
}
