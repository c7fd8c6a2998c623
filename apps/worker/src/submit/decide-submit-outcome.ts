/** What a failed submit means for the journal: pure, so that the table of cases can be read and tested by itself. */
import { type ErrorCode, isAppError } from '@reelay/contracts/errors';
import type { StepPlan } from '@reelay/contracts/provider';
import { cutText, toStorableText } from '@reelay/contracts/storable-text';
import { isUpstreamError } from '@reelay/contracts/upstream-error';

export type SubmitOutcome =
  /** May have been accepted: reconciled, never repeated blindly. */
  | { kind: 'unknown' }
  /** Nothing was accepted and nobody is to blame: back to the lane after a pause. */
  | {
      kind: 'returned';
      /** `refused` where the upstream said no, `not_sent` where it never heard of it. */
      to: 'not_sent' | 'refused';
      /** The access token was not accepted: ask for a newer one before it is tried again. */
      isCredentialRejected: boolean;
      /** Named by the upstream although it is not this submit that is refused. */
      coolsToken: boolean;
      retryAfterMs: number | undefined;
      /** Its proxy or credential stands in the way: an idle account of this sort would attract all the work for ever. */
      avoidsToken: boolean;
    }
  | { kind: 'refused'; by: 'client' }
  | { kind: 'refused'; by: 'token'; coolsToken: boolean; retryAfterMs: number | undefined };

export interface SubmitSituation {
  /** This process committed `sent` for the attempt. Before that, nothing that fails can have been accepted. */
  isSent: boolean;
  /** Where a second submit costs and leaves nothing (`repeat`), nobody needs to know whether there was a first. */
  reconcile: StepPlan['reconcile'];
}

export function decideSubmitOutcome(error: unknown, { isSent, reconcile }: SubmitSituation): SubmitOutcome {
  const mayBeUnknown = isSent && reconcile !== 'repeat';
  if (!isUpstreamError(error)) {
    if (mayBeUnknown) return { kind: 'unknown' };
    // A reference that is gone from the store does not come back, and only the client has it.
    if (!isSent && isAppError(error) && error.code === 'media_unavailable') return { kind: 'refused', by: 'client' };
    return { ...returned('not_sent'), avoidsToken: isAppError(error) && error.code === 'credential_unavailable' };
  }
  if (mayBeUnknown && error.submitClass === 'unknown') return { kind: 'unknown' };
  const isRefused = error.submitClass === 'refused';
  const effect = error.tokenEffect;
  const coolsToken = effect.effect === 'cool_down';
  const retryAfterMs = effect.effect === 'cool_down' ? effect.retryAfterMs : undefined;
  const to = isSent && isRefused ? 'refused' : 'not_sent';
  if (effect.effect === 'credential_rejected')
    return { ...returned(to), isCredentialRejected: true, avoidsToken: true };
  if (isRefused && error.fault === 'client') return { kind: 'refused', by: 'client' };
  if (isRefused && error.fault === 'token') return { kind: 'refused', by: 'token', coolsToken, retryAfterMs };
  return { ...returned(to), coolsToken, retryAfterMs, avoidsToken: error.fault === 'proxy' };
}

/** For the journal and the log: one line, at most as long as a person reads. */
export function describeFailure(error: unknown): string {
  const code: ErrorCode | undefined = isUpstreamError(error) || isAppError(error) ? error.code : undefined;
  const message = error instanceof Error || isUpstreamError(error) ? error.message : String(error);
  const line = toStorableText(`${code === undefined ? '' : `${code}: `}${message}`).replace(/\s+/g, ' ');
  return cutText(line, 300);
}

function returned(to: 'not_sent' | 'refused') {
  return {
    kind: 'returned',
    to,
    isCredentialRejected: false,
    coolsToken: false,
    retryAfterMs: undefined,
    avoidsToken: false,
  } as const;
}
