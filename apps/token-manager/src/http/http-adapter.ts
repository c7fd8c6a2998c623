/** Fastify as the token-manager needs it: an id and a log line for every request, and no foreign error body. */
import type { IncomingMessage } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { loggablePath } from '@reelay/platform/loggable-path';
import { type Logger, withLogFields } from '@reelay/platform/logger';
import { newUlid } from '@reelay/platform/ulid';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorFilter } from './error.filter.js';

export function createHttpAdapter({ errors, log }: { errors: ErrorFilter; log: Logger }): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    genReqId: ({ headers }: IncomingMessage) => requestIdOf(headers['x-request-id']),
    requestIdHeader: false,
    // An import of 200 MiB comes at the speed of the operator's line.
    requestTimeout: 310_000,
    return503OnClosing: false,
    frameworkErrors: (error: unknown, request: unknown, reply: unknown) =>
      errors.send(error, request as FastifyRequest, reply as FastifyReply),
  });
  const instance: FastifyInstance = adapter.getInstance();
  // A file of accounts is read as it comes in.
  instance.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  instance.addHook('onRequest', (request, reply, done) => {
    reply.raw.setHeader('x-request-id', request.id);
    withLogFields({ requestId: request.id }, done);
  });
  instance.addHook('onResponse', (request, reply, done) => {
    const path = loggablePath(request.raw.url, request.routeOptions.url !== undefined);
    const fields = { requestId: request.id, method: request.method, path, status: reply.statusCode };
    // Probes and the workers' questions come all the time.
    log.debug({ ...fields, durationMs: Math.round(reply.elapsedTime) }, 'request');
    done();
  });
  return adapter;
}

/** The caller's id where it is harmless to repeat in headers and logs, else a new one. */
function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : `req_${newUlid()}`;
}
