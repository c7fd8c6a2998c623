/** What became of a row, and how a failure of it is told. */
import type { BatchVerdict } from '@reelay/contracts/batches';
import { isAppError } from '@reelay/contracts/errors';
import { isUpstreamError, type UpstreamError } from '@reelay/contracts/upstream-error';
import { isOutage } from '@reelay/db/outage';

export interface RowOutcome {
  verdict: BatchVerdict;
  message: string | null;
  tokenId: string | null;
  /** It failed for a reason that passes by itself, and doing it again does no harm. */
  isPassing?: boolean;
}

export function outcome(verdict: BatchVerdict, tokenId: string | null, message: string | null = null): RowOutcome {
  return { verdict, tokenId, message };
}

export function invalid(message: string): RowOutcome {
  return outcome('invalid', null, message);
}

/** Sentences of ours and of providers are made for people; what anything else says may quote what it was handed. */
export function failureOf(error: unknown, tokenId: string | null = null): RowOutcome {
  // The row keeps its claim and comes again when that is over.
  if (isOutage(error)) throw error;
  if (isAppError(error)) {
    const isMistake = error.code === 'invalid_value';
    const isBusy = error.code === 'service_unavailable';
    return { ...outcome(isMistake ? 'invalid' : 'failed', tokenId, error.message), isPassing: isBusy };
  }
  if (isUpstreamError(error)) return { ...outcome('failed', tokenId, error.message), isPassing: isPassing(error) };
  return outcome('failed', tokenId, 'Something failed inside; the log of the token-manager has the details.');
}

/** The upstream or a proxy was away, overloaded, too slow, or wanted a pause. */
export function isPassing({ code, tokenEffect: { effect } }: UpstreamError): boolean {
  return effect !== 'credential_rejected' && (code === 'upstream_unavailable' || code === 'service_unavailable');
}
