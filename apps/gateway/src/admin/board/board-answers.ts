/** What every answer under the board's path carries, and errors in a shape that both API clients and Bull Board's page read. */
import { AppError, type ErrorCode, errorRegistry, isAppError } from '@reelay/contracts/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { boardPath } from './board-paths.js';

const boardPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');
const formPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export function setHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const url = request.routeOptions.url ?? '';
  const isForm = request.routeOptions.config.isPublicOnBoard === true;
  const isFile = url.startsWith(`${boardPath}/static/`) && reply.statusCode < 300;
  void reply.headers({
    // The files' names change with their content; nothing else may be found in a cache after signing out.
    'cache-control': isFile ? 'private, max-age=86400' : 'no-store',
    'content-security-policy': isForm ? formPolicy : boardPolicy,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    // With `no-referrer` browsers would say `Origin: null` with a form, and it could not be told from one of another site.
    'referrer-policy': isForm ? 'same-origin' : 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
  });
}

/** Redis going away in the middle of a request is an outage, not a mistake inside. */
export function toBoardError(error: unknown): unknown {
  if (isAppError(error) || !(error instanceof Error)) return error;
  const { name, message, code } = error as NodeJS.ErrnoException;
  const isOutage =
    /^(MaxRetriesPerRequestError|AbortError)$/.test(name) ||
    /^(ECONN|ETIMEDOUT|EPIPE)/.test(code ?? '') ||
    /^(Command timed out|Connection is closed|Stream isn't writeable)/.test(message);
  if (!isOutage) return error;
  return new AppError('service_unavailable', 'Redis is not reachable just now; try again in some seconds.', {
    cause: error,
  });
}

/**
 * Bull Board's page shows `error.key` in its reader's language and `message` below it; everybody else reads OpenAI's fields. Both are in
 * every refusal, whether it is ours or Bull Board's.
 */
export function withBothShapes(status: number, payload: unknown): unknown {
  const { error, message } = (payload ?? {}) as { error?: Record<string, unknown>; message?: unknown };
  if (status < 400 || typeof error !== 'object' || error === null) return payload;
  if (typeof error.code === 'string') {
    const key = keys[error.code as ErrorCode] ?? 'ERRORS.INTERNAL_SERVER_ERROR';
    return { error: { ...error, key }, message: error.message };
  }
  const code = codes[status] ?? 'invalid_request';
  const text = typeof message === 'string' ? message : `Bull Board refused it: ${String(error.key)}.`;
  const { type } = errorRegistry[code];
  return { ...(payload as object), error: { message: text, type, param: null, code, ...error } };
}

const keys: Partial<Record<ErrorCode, string>> = {
  insufficient_permissions: 'ERRORS.QUEUE_READ_ONLY',
  invalid_api_key: 'ERRORS.FORBIDDEN',
  service_unavailable: 'ERRORS.REDIS_UNAVAILABLE',
};

const codes: Readonly<Record<number, ErrorCode>> = {
  403: 'insufficient_permissions',
  404: 'not_found',
  405: 'method_not_allowed',
  500: 'internal_error',
};
