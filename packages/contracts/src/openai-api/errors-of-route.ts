/** Which errors a route may answer. Pure. */
import { type ErrorCode, errorRegistry } from '../errors.js';
import type { ClientRoute } from './client-route.js';

/** Where work is taken on. */
export const acceptErrors = [
  'model_not_found',
  'model_not_allowed',
  'model_not_available',
  'not_supported_by_model',
  'unsupported_parameter',
  'invalid_reference',
  'reference_unavailable',
  'remix_needs_publishing',
  'not_found',
  'idempotency_key_reused',
  'insufficient_quota',
  'queue_full',
  'no_account_in_service',
] as const satisfies readonly ErrorCode[];

/** What work can end with; where an answer waits for the end, or gives what came of it. */
export const endErrors = [
  'content_policy_violation',
  'character_failed',
  'invalid_reference',
  'reference_unavailable',
  'remix_needs_publishing',
  'not_supported_by_model',
  'model_not_available',
  'upstream_refused',
  'upstream_failed',
  'upstream_unavailable',
  'upstream_outcome_unknown',
  'upstream_timeout',
  'country_not_supported',
  'media_unavailable',
  'deadline_exceeded',
  'cancelled',
] as const satisfies readonly ErrorCode[];

/** Where a request stays open until the end. `expired` and `not_found`: repeated after its files were removed. */
export const waitErrors = [
  ...endErrors,
  'still_running',
  'expired',
  'not_found',
] as const satisfies readonly ErrorCode[];

const everywhere = [
  'invalid_request',
  'invalid_api_key',
  'rate_limit_exceeded',
  'gateway_restarting',
  'service_unavailable',
  'internal_error',
] as const satisfies readonly ErrorCode[];

const ofBodies = [
  'invalid_json',
  'invalid_value',
  'missing_required_parameter',
  'request_too_large',
  'unsupported_media_type',
] as const satisfies readonly ErrorCode[];

export function errorCodesOf({ path, query, body, errors = [] }: ClientRoute): ErrorCode[] {
  const codes: ErrorCode[] = [...everywhere, ...errors];
  if (/[:*]/.test(path)) codes.push('not_found');
  if (query) codes.push('invalid_value');
  if (body) codes.push(...ofBodies);
  return [...new Set(codes)];
}

/** Codes by status. */
export function errorAnswersOf(route: ClientRoute): Map<number, ErrorCode[]> {
  return Map.groupBy(errorCodesOf(route), (code) => errorRegistry[code].status);
}
