import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import type { Logger } from '@reelay/platform/logger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerError } from './error-answer.js';
import type { RouteTable } from './route-table.js';
import { noSuchRoute, toAppError } from './to-app-error.js';

/** The one place where an error becomes an answer, whoever threw it. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly log: Logger,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.send(exception, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  send(exception: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = this.#withMethods(toAppError(exception), request);
    const answer = answerError(error, request.id);
    const fields = { requestId: request.id, code: error.code, error: error.cause ?? error };
    if (answer.body.error.code === 'internal_error') this.log.error(fields, 'request failed');
    else if (answer.status >= 500) this.log.warn(fields, 'request not served');
    if (reply.sent || reply.raw.headersSent) {
      // Too late for an answer: a cut connection is the only honest end.
      reply.raw.destroy();
      return;
    }
    void reply.code(answer.status).headers(answer.headers).type('application/json; charset=utf-8').send(answer.body);
  }

  #withMethods(given: AppError, request: FastifyRequest): AppError {
    // Where there is no route, how the body was sent does not matter.
    const isUnread = request.is404 && given.code === 'unsupported_media_type';
    const error = isUnread ? new AppError('route_not_found', noSuchRoute, { cause: given }) : given;
    if (error.code !== 'route_not_found') return error;
    const methods = this.routes.methodsOf(request.raw.url ?? '');
    if (methods.length === 0 || methods.includes(request.raw.method ?? '')) return error;
    const allow = methods.join(', ');
    return new AppError('method_not_allowed', `Use ${allow} on this path, not ${request.raw.method}.`, {
      details: { allow },
    });
  }
}
