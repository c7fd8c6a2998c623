/** Whatever is thrown on the way of a request, as one of our errors. Frameworks' own texts never reach a client unread. */
import { HttpException } from '@nestjs/common';
import { AppError, type ErrorCode, isAppError } from '@reelay/contracts/errors';
import { isOutage } from '@reelay/db/outage';
import { StorageError } from '@reelay/platform/storage';

export function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (error instanceof StorageError && error.kind === 'not_found') {
    return new AppError('not_found', 'The stored file is gone.', { cause: error });
  }
  if (error instanceof StorageError && error.kind === 'unavailable') {
    const message = 'The store of media cannot be reached just now; try again in some seconds.';
    return new AppError('service_unavailable', message, { cause: error });
  }
  if (isOutage(error)) {
    return new AppError('service_unavailable', 'The database cannot be reached just now; try again in some seconds.', {
      cause: error,
    });
  }
  return fromFramework(error) ?? new AppError('internal_error', 'Unexpected failure', { cause: error });
}

export const noSuchRoute = 'There is no such route; check the path and that the base URL ends in /v1.';

/** Fastify's codes, as far as a request can cause them. */
const fastifyCodes: Readonly<Record<string, [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['request_too_large', 'The body is larger than this route accepts.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send the body as application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as its Content-Length says.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_json', 'The body is empty; send a JSON object.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_json', 'The body is not valid JSON.'],
  // No route of ours is for QUERY, the one method that Fastify asks a content type of before it looks for the route.
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: ['route_not_found', noSuchRoute],
  FST_ERR_BAD_URL: ['invalid_request', 'The path contains a "%" that does not begin a valid escape.'],
  FST_ERR_MAX_PARAM_LENGTH: ['route_not_found', 'A part of the path is longer than any id.'],
};

const statusCodes: Readonly<Record<number, [ErrorCode, string]>> = {
  401: ['invalid_api_key', 'Send a valid key as "Authorization: Bearer <key>".'],
  403: ['insufficient_permissions', 'This key may not do that.'],
  404: ['route_not_found', noSuchRoute],
  405: ['method_not_allowed', 'The route exists, but not with this method.'],
  413: ['request_too_large', 'The body is larger than this route accepts.'],
  414: ['route_not_found', 'A part of the path is longer than any id.'],
  415: ['unsupported_media_type', 'Send the body as application/json.'],
};

function fromFramework(error: unknown): AppError | undefined {
  const cause = error instanceof HttpException ? (error.cause ?? error) : error;
  const { code, statusCode } = (cause ?? {}) as { code?: unknown; statusCode?: unknown };
  const byCode = typeof code === 'string' ? fastifyCodes[code] : undefined;
  if (byCode) return new AppError(byCode[0], byCode[1], { cause: error });
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  const [known, message] = statusCodes[status] ?? ['invalid_request', 'The request cannot be read as sent.'];
  return new AppError(known, message, { cause: error });
}
