import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { noteCall } from '../ledger/note-call.js';
import type { World } from '../world.js';
import { answerWithFault } from './fault-answers.js';
import { canRewrite, rewriteBody } from './fault-rewrites.js';

/** Lets the faults that are switched on strike: before a request is handled, and after, when its answer is on the way. */
export function registerFaultHooks(server: FastifyInstance, world: World): void {
  server.decorateRequest('replyFate', undefined);
  server.decorateRequest('isStruck', false);

  server.addHook('preHandler', async (request, reply) => {
    const call = noteCall(request, world);
    if (call === undefined) return;
    const { endpoint } = call;
    const slow = world.faults.take('delay', endpoint, request.account?.email);
    if (slow) await wait(slow.delayMs, undefined, { ref: false });
    const strike = world.faults.take('answer', endpoint, request.account?.email);
    if (strike === undefined) return;
    request.isStruck = true;
    world.calls.refused(call, strike.kind);
    return answerWithFault(request, reply, strike, endpoint);
  });

  // Arrays and objects only come by here; what the lists answer is one.
  server.addHook('preSerialization', async (request, reply, payload) => {
    const { endpoint } = request.routeOptions.config;
    if (endpoint === undefined || request.isStruck || reply.statusCode >= 400 || !canRewrite(payload)) return payload;
    const strike = world.faults.take('rewrite', endpoint, request.account?.email);
    return strike === undefined ? payload : rewriteBody(strike.kind, payload);
  });

  server.addHook('onSend', async (request, reply, payload) => {
    const { endpoint } = request.routeOptions.config;
    if (endpoint === undefined || request.isStruck || reply.statusCode >= 400) return payload;
    const strike = world.faults.take('reply', endpoint, request.account?.email);
    const fate = request.replyFate ?? (strike && (strike.kind === 'reply_lost' ? 'lost' : 'hanging'));
    if (fate === 'lost') request.raw.socket.destroy();
    if (fate === 'hanging') await socketClosed(request);
    return payload;
  });
}

/** The client gives up, or the server is closed. */
function socketClosed(request: FastifyRequest): Promise<void> {
  const { socket } = request.raw;
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}
