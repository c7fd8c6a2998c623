import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import { registerAccountRoutes } from '../accounts/account-routes.js';
import { registerSignInRoutes } from '../accounts/sign-in-routes.js';
import { registerCharacterRoutes } from '../characters/character-routes.js';
import { registerControlRoutes } from '../control/control-routes.js';
import { registerFaultHooks } from '../faults/fault-hooks.js';
import { registerImageRoutes } from '../images/image-routes.js';
import { noteCall, registerCallHooks } from '../ledger/note-call.js';
import { registerMediaRoutes } from '../media/media-routes.js';
import { registerPostRoutes } from '../posts/post-routes.js';
import { registerEnhanceRoutes } from '../prompts/enhance-routes.js';
import { registerSentinelRoutes } from '../sentinel/sentinel-routes.js';
import { registerVideoRoutes } from '../tasks/video-routes.js';
import { registerUploadRoutes } from '../uploads/upload-routes.js';
import type { World } from '../world.js';
import { acceptMultipart } from './multipart.js';
import './request-context.js';
import { errorBody, UpstreamError } from './upstream-error.js';

const BODY_LIMIT_BYTES = 1 << 20;

/** All hosts of the upstream on one listener; their paths do not overlap. */
export function createServer(world: World): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    // A client that is kept hanging on purpose must not keep the simulator from stopping.
    forceCloseConnections: true,
  });
  registerCallHooks(server, world);
  acceptMultipart(server);
  registerFaultHooks(server, world);
  registerAccountRoutes(server, world);
  registerSignInRoutes(server, world);
  registerSentinelRoutes(server, world);
  registerVideoRoutes(server, world);
  registerUploadRoutes(server, world);
  registerImageRoutes(server, world);
  registerPostRoutes(server, world);
  registerEnhanceRoutes(server, world);
  registerCharacterRoutes(server, world);
  registerMediaRoutes(server, world);
  registerControlRoutes(server, world);
  server.setNotFoundHandler((request, reply) => {
    return reply.code(404).send(errorBody('not_found', `Invalid URL (${request.method} ${request.url.split('?')[0]})`));
  });
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = error instanceof UpstreamError ? error : toUpstreamError(error);
    const call = noteCall(request, world);
    if (call !== undefined) world.calls.refused(call, refusal.code);
    if (refusal.status >= 500 && refusal !== error) world.log.error({ error, url: request.url }, 'request failed');
    return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
  });
  return server;
}

function toUpstreamError(error: FastifyError): UpstreamError {
  const status = error.statusCode ?? 500;
  if (status < 500) return new UpstreamError(status, 'invalid_request', error.message);
  return new UpstreamError(500, 'server_error', 'The simulator failed; its log says why.');
}
