/** Fastify as the gateway needs it: ids and logs on every request, bodies left unread until the guard has spoken, no foreign error body. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppError } from '@reelay/contracts/errors';
import { loggablePath } from '@reelay/platform/loggable-path';
import { type Logger, withLogFields } from '@reelay/platform/logger';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TrustProxy } from '../configuration.js';
import { releaseBody } from './body-limits.js';
import type { ErrorFilter } from './error.filter.js';
import { answerError } from './error-answer.js';
import { requestIdOf } from './request-id.js';
import { logFieldsOf } from './request-log-fields.js';
import type { RouteTable } from './route-table.js';

export interface HttpAdapterOptions {
  routes: RouteTable;
  errors: ErrorFilter;
  log: Logger;
  trustProxy: TrustProxy;
  /** Aborted when the process begins to stop. */
  stopping: AbortSignal;
}

/** For a file of 200 MiB from a home that sends 2 Mbit/s; who sends nothing at all is cut off sooner. */
const requestTimeoutMs = 900_000;
/** Longer than the idle time of common load balancers (60 s), so that they close first. */
const keepAliveTimeoutMs = 65_000;
/** A client that takes nothing of its download for so long is cut off. Above the longest wait for a video (280 s) and all heartbeats. */
const idleTimeoutMs = 330_000;
/** How long a client may take to receive the answer to what could not be read. */
const refusalTimeoutMs = 1_000;

export function createHttpAdapter(options: HttpAdapterOptions): FastifyAdapter {
  const answering = new OpenResponses();
  const adapter = new FastifyAdapter({
    logger: false,
    trustProxy: options.trustProxy,
    genReqId: requestIdOf,
    requestIdHeader: false,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    // Many a client puts its path behind a base URL that ends in a slash, or one behind its path.
    routerOptions: { maxParamLength: 256, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    // Fastify's own 503 has a foreign body; the hook below answers instead.
    return503OnClosing: false,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      reply.raw.setHeader('x-request-id', request.id);
      options.errors.send(error, request, reply);
    },
    clientErrorHandler: (error, socket) => refuseBrokenRequest(error, socket, answering.isAnswering(socket)),
  });
  const instance: FastifyInstance = adapter.getInstance();
  // Node would answer an expectation it does not know by a 417 without a body; one that is passed over does no harm.
  instance.server.on('checkExpectation', (request, response) => instance.server.emit('request', request, response));
  // A body is read by the body pipe, after the guard: a stranger's upload is never parsed.
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  instance.addHook('onRoute', (route) => options.routes.add(route.method, route.url));
  instance.addHook('onRequest', (request, reply, done) => {
    answering.add(request.raw.socket, reply.raw);
    // On the raw response, so that streams carry it too.
    reply.raw.setHeader('x-request-id', request.id);
    // Fastify's own hook is silent about clients that leave early.
    reply.raw.once('close', () => {
      releaseBody(request.raw);
      logRequest(options.log, request, reply);
    });
    if (options.stopping.aborted) {
      reply.raw.setHeader('connection', 'close');
      done(new AppError('gateway_restarting', 'The gateway is being restarted; send the request again in a moment.'));
      return;
    }
    withLogFields({ requestId: request.id }, done);
  });
  return adapter;
}

function logRequest(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  // Without the query: signed links carry their right in it. Paths that are no route are shown: mostly a base URL is not right.
  const path = loggablePath(request.raw.url, true);
  const fields = {
    requestId: request.id,
    method: request.method,
    path,
    status: reply.raw.statusCode,
    durationMs: Math.round(reply.elapsedTime),
    ...logFieldsOf(request),
    ...(reply.raw.writableFinished ? {} : { isCutShort: true }),
  };
  const isProbe = path === '/healthz' || path === '/readyz';
  if (isProbe) log.debug(fields, 'request');
  else log.info(fields, 'request');
}

/** The answers that are not at their end yet, by connection; pipelined requests have several. */
class OpenResponses {
  readonly #bySocket = new WeakMap<Socket, Set<ServerResponse>>();

  add(socket: Socket, response: ServerResponse): void {
    const open = this.#bySocket.get(socket) ?? new Set();
    this.#bySocket.set(socket, open.add(response));
    response.once('close', () => open.delete(response));
  }

  /** One that has begun, or whose request was read whole: then the error is not that request's. */
  isAnswering(socket: Socket): boolean {
    const open = [...(this.#bySocket.get(socket) ?? [])];
    return open.some((response) => !response.writableFinished && (response.headersSent || response.req.complete));
  }
}

/** What Node's parser cannot read as HTTP never becomes a request; it still gets our kind of answer. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, isAnswering: boolean): void {
  // Text of ours in the middle of another answer would be taken for a part of it.
  if (isAnswering || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = requestIdOf({ headers: {} });
  const answer = answerError(describeBrokenRequest(error), requestId);
  const body = JSON.stringify(answer.body);
  // Destroyed, not only ended: a client may ignore our end, and what reads the request's body waits until it is aborted.
  const patience = setTimeout(() => socket.destroy(), refusalTimeoutMs).unref();
  socket.once('close', () => clearTimeout(patience));
  socket.end(
    [
      `HTTP/1.1 ${answer.status} Bad Request`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  );
}

function describeBrokenRequest(error: NodeJS.ErrnoException): AppError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new AppError('request_too_large', 'The headers are larger than 16 KiB together.');
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AppError('invalid_request', 'The request was not sent completely in time.');
  }
  return new AppError('invalid_request', 'This is not a readable HTTP/1.1 request.');
}
