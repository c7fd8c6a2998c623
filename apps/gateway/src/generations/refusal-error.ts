/** Why a request was not accepted, as the error its client gets: what nobody could serve, what must wait too long, what is one too many. */
import { AppError } from '@reelay/contracts/errors';
import type { Settings } from '@reelay/contracts/settings';
import type { AdmissionLimits, Refusal } from '@reelay/db/admission/find-refusal';

export function limitsOf(settings: Settings): AdmissionLimits {
  return {
    openPerKey: settings['admission.openPerKey'],
    open: settings['admission.open'],
    timeZone: settings['statistics.timeZone'],
  };
}

/** When nothing tells how soon another generation will end. */
const placeAfterMs = 5_000;

export function refusalError(refusal: Refusal, modelId: string): AppError {
  switch (refusal.outcome) {
    case 'unserved':
      return new AppError(
        'model_not_available',
        `No account of this installation can serve "${modelId}"${because(refusal.reason)}. Ask the operator to add one, or choose another model.`,
        { param: 'model' },
      );
    case 'out':
      return new AppError(
        'no_account_in_service',
        `Nothing can serve "${modelId}" before the deadline${because(refusal.reason)}. Ask the operator to look after the accounts, or choose another model.`,
      );
    case 'hopeless':
      return new AppError(
        'queue_full',
        `So much waits that the turn of this request would come after its deadline, in about ${Math.ceil(refusal.waitMs / 60_000)} min. Send it again later.`,
        { retryAfterMs: refusal.waitMs },
      );
    case 'full':
      return tooMany(refusal);
    case 'spent':
      return new AppError(
        'insufficient_quota',
        `This would be more than the quota of this key, ${refusal.most} generations of kind "${refusal.kind}" a ${refusal.period}: wait for the next ${refusal.period}, ask for fewer, or ask the operator for more. GET /v1/usage says what is left and when it begins.`,
      );
  }
}

function tooMany({ scope, most, startEveryMs }: Extract<Refusal, { outcome: 'full' }>): AppError {
  const retryAfterMs = startEveryMs ?? placeAfterMs;
  if (scope === 'key') {
    const message = `This key has ${most} generations that have not ended, as many as it may: wait until one has ended, or cancel one.`;
    return new AppError('rate_limit_exceeded', message, { retryAfterMs });
  }
  const message = `There are ${most} generations that have not ended, as many as this installation takes: send the request again later.`;
  return new AppError('queue_full', message, { retryAfterMs });
}

function because(reason: string | null): string {
  return reason === null ? '' : ` (${reason})`;
}
