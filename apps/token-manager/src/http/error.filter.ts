import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { AppError, isAppError } from '@reelay/contracts/errors';
import { isOutage } from '@reelay/db/outage';
import type { Logger } from '@reelay/platform/logger';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Errors as bodies for our own apps: OpenAI's shape, with the true code also where clients would not be told, because gateway and worker
 * act on it.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.send(exception, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  send(exception: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = toAppError(exception);
    const { status, type } = error.definition;
    const fields = { requestId: request.id, code: error.code, error: error.cause ?? error };
    if (error.code === 'internal_error') this.log.error(fields, 'request failed');
    else if (status >= 500) this.log.warn(fields, 'request not served');
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const { code, message, param = null, retryAfterMs } = error;
    const body = { error: { message, type, param, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } };
    reply.raw.removeHeader('content-length');
    void reply.code(status).type('application/json; charset=utf-8').send(body);
  }
}

function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (isOutage(error)) {
    return new AppError('service_unavailable', 'The database cannot be reached just now; try again in some seconds.', {
      cause: error,
    });
  }
  const status = statusOf(error);
  if (status === 404) return new AppError('route_not_found', 'There is no such route.');
  if (status === 413) return new AppError('request_too_large', 'The body is larger than 1 MiB.');
  if (status === 415) return new AppError('unsupported_media_type', 'Send JSON with content-type application/json.');
  if (status !== undefined && status >= 400 && status < 500) {
    return new AppError('invalid_request', 'The request cannot be read: the body must be valid JSON.');
  }
  return new AppError('internal_error', 'Something failed inside; the log has the request id.', { cause: error });
}

/** Nest's own exceptions, and those that Fastify throws before Nest is asked. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status: unknown = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}
