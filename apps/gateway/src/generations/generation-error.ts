/** What ended a generation without a result, as the error its client gets. */
import { AppError, isErrorCode } from '@reelay/contracts/errors';
import { type Dialect, publicId } from '@reelay/contracts/ids';

export interface GenerationReference {
  id: string;
  dialect: Dialect;
  /** What links begin with. */
  publicUrl: string;
}

/** Where a client finds the generation again, whatever happens to its connection. */
export function referenceDetails({ id, dialect, publicUrl }: GenerationReference): Record<string, string> {
  const shown = publicId(dialect, id);
  return { generation_id: shown, url: `${publicUrl}/v1/generations/${shown}` };
}

/** A code that this release does not know (a newer one wrote it) is a general failure. */
export function failureOf(
  stored: { code: string; message: string; param?: string | undefined },
  reference?: GenerationReference,
): AppError {
  return new AppError(isErrorCode(stored.code) ? stored.code : 'internal_error', stored.message, {
    ...(stored.param === undefined ? {} : { param: stored.param }),
    ...(reference ? { details: referenceDetails(reference) } : {}),
  });
}

/** Something failed after the generation was accepted: the client is to learn of it all the same. */
export function withReference(error: AppError, reference: GenerationReference): AppError {
  return new AppError(error.code, error.message, {
    ...(error.param === undefined ? {} : { param: error.param }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    details: { ...error.details, ...referenceDetails(reference) },
    cause: error.cause ?? error,
  });
}

/** The same for several of one request: it names the one that it is about, and all of them, for the others are kept. */
export function withGroup(
  error: AppError,
  references: readonly [GenerationReference, ...GenerationReference[]],
): AppError {
  const [first, ...others] = references;
  const named = error.details?.generation_id === undefined ? withReference(error, first) : error;
  if (others.length === 0) return named;
  const ids = references.map(({ id, dialect }) => publicId(dialect, id));
  return new AppError(named.code, named.message, {
    ...(named.param === undefined ? {} : { param: named.param }),
    ...(named.retryAfterMs === undefined ? {} : { retryAfterMs: named.retryAfterMs }),
    details: { ...named.details, generation_ids: ids },
    cause: named.cause,
  });
}

export function stillRunning(reference: GenerationReference, waitedMs: number): AppError {
  const waited = Math.round(waitedMs / 1000);
  return new AppError(
    'still_running',
    `The generation was not finished after ${waited} s and goes on: send the same request again, or read it at the url given here.`,
    { details: referenceDetails(reference), retryAfterMs: 1_000 },
  );
}

export function restarting(reference: GenerationReference): AppError {
  return new AppError(
    'gateway_restarting',
    'The gateway is being restarted; the generation goes on. Read it at the url given here, or send the same request again.',
    { details: referenceDetails(reference), retryAfterMs: 2_000 },
  );
}
