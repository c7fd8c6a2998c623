/**
 * How failures of an upstream call are told. An adaptor turns everything that can go wrong into one `UpstreamError` by its table;
 * nothing else decides whether a submit may be repeated or whose fault it was.
 */
import type { ErrorCode } from './errors.js';

/**
 * - `not_sent`: certain that the paid request did not reach the upstream; may be repeated freely.
 * - `refused`: a well-formed refusal; nothing was accepted.
 * - `unknown`: the upstream may have accepted; never repeated blindly, reconciled instead.
 */
export type SubmitClass = 'not_sent' | 'refused' | 'unknown';

/** Only `token` ever counts against a token; `client` fails the generation at once. */
export type Fault = 'client' | 'token' | 'proxy' | 'upstream';

export type TokenEffect =
  | { effect: 'none' }
  /** Rests for the given time, or the setting's when none is given. */
  | { effect: 'cool_down'; retryAfterMs?: number }
  /** The access token is no longer accepted: refresh, and if that fails a person must look. */
  | { effect: 'credential_rejected' };

export interface UpstreamErrorOptions {
  code: ErrorCode;
  message: string;
  submitClass: SubmitClass;
  fault: Fault;
  tokenEffect?: TokenEffect;
  cause?: unknown;
}

const marker = Symbol.for('reelay.UpstreamError');

export class UpstreamError extends Error {
  readonly code: ErrorCode;
  readonly submitClass: SubmitClass;
  readonly fault: Fault;
  readonly tokenEffect: TokenEffect;
  readonly [marker] = true;

  constructor(options: UpstreamErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'UpstreamError';
    this.code = options.code;
    this.submitClass = options.submitClass;
    this.fault = options.fault;
    this.tokenEffect = options.tokenEffect ?? { effect: 'none' };
  }
}

export function isUpstreamError(value: unknown): value is UpstreamError {
  return typeof value === 'object' && value !== null && marker in value;
}

export type TransportPhase = 'connect' | 'before_send' | 'write' | 'response' | 'timeout';

const transportMarker = Symbol.for('reelay.TransportError');

/** Thrown by the HTTP client below the adaptors. `sent` is false only when it is certain that no byte of the request left. */
export class TransportError extends Error {
  readonly sent: boolean;
  readonly phase: TransportPhase;
  /** The hop that failed, as far as it is known. */
  readonly hop: 'proxy' | 'upstream';
  readonly [transportMarker] = true;

  constructor(
    message: string,
    options: { sent: boolean; phase: TransportPhase; hop?: 'proxy' | 'upstream'; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TransportError';
    this.sent = options.sent;
    this.phase = options.phase;
    this.hop = options.hop ?? 'upstream';
  }
}

export function isTransportError(value: unknown): value is TransportError {
  return typeof value === 'object' && value !== null && transportMarker in value;
}
