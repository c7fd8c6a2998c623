import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Account } from '../accounts/account.js';
import { bearerToken, sessionCookie } from '../http/authenticate.js';
import { type UpstreamError, upstreamErrors } from '../http/upstream-error.js';
import type { World } from '../world.js';
import type { KindOf } from './fault.js';
import type { Strike } from './fault-board.js';

/** Lets the faults that are switched on strike: before a request is handled, and after, when its answer is on the way. */
export function registerFaultHooks(server: FastifyInstance, world: World): void {
  server.decorateRequest('account', undefined);
  server.decorateRequest('replyFate', undefined);

  server.addHook('preHandler', async (request, reply) => {
    const { endpoint } = request.routeOptions.config;
    if (endpoint === undefined) return;
    world.calls.called(endpoint);
    request.account = findAccount(request, world);
    const slow = world.faults.take('delay', endpoint, request.account?.email);
    if (slow) await wait(slow.delayMs, undefined, { ref: false });
    const strike = world.faults.take('answer', endpoint, request.account?.email);
    if (strike === undefined) return;
    world.calls.refused(endpoint, strike.kind);
    return answer(reply, request, strike);
  });

  server.addHook('onSend', async (request, reply, payload) => {
    const { endpoint } = request.routeOptions.config;
    if (endpoint === undefined || reply.statusCode >= 400) return payload;
    const strike = world.faults.take('reply', endpoint, request.account?.email);
    const fate = request.replyFate ?? (strike && (strike.kind === 'reply_lost' ? 'lost' : 'hanging'));
    if (fate === 'lost') request.raw.socket.destroy();
    if (fate === 'hanging') await socketClosed(request);
    return payload;
  });
}

/** Whom a fault for one account is meant for: known by access token, cookie or refresh token, good or not. */
function findAccount(request: FastifyRequest, { accounts, tasks }: World): Account | undefined {
  const token = bearerToken(request);
  if (token !== undefined) return accounts.checkAccess(token).account;
  const session = sessionCookie(request);
  if (session !== undefined) return accounts.findBySession(session);
  const { refresh_token: refresh } = (request.body ?? {}) as { refresh_token?: unknown };
  if (typeof refresh === 'string') {
    const check = accounts.checkRefresh(refresh);
    return check.verdict === 'unknown' ? undefined : check.account;
  }
  const { name } = (request.params ?? {}) as { name?: string };
  const task = name === undefined ? undefined : tasks.findByGeneration(name.replace(/\.mp4$/, ''));
  return task && accounts.find(task.account);
}

const refusals: Partial<Record<KindOf<'answer'>, (strike: Strike<'answer'>) => UpstreamError>> = {
  overload: upstreamErrors.overload,
  token_invalidated: upstreamErrors.tokenInvalidated,
  unauthorized: upstreamErrors.unauthorized,
  rate_limited: ({ retryAfterSeconds }) => upstreamErrors.rateLimited(retryAfterSeconds),
  country_block: upstreamErrors.countryBlocked,
  server_error: upstreamErrors.serverError,
};

function answer(reply: FastifyReply, request: FastifyRequest, strike: Strike<'answer'>): FastifyReply {
  const refusal = refusals[strike.kind]?.(strike);
  if (refusal) return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
  switch (strike.kind) {
    case 'cloudflare_403':
      return sendChallenge(reply.code(403));
    case 'cloudflare_429':
      return sendChallenge(reply.code(429).headers(retryAfter(strike)));
    case 'not_json_200':
      return reply.type('text/html').send('<!doctype html><title>Sora</title><div id="root"></div>');
    case 'reset':
      request.raw.socket.destroy();
      return reply.hijack();
    default:
      return reply.code(200).type('application/json').send('');
  }
}

function sendChallenge(reply: FastifyReply): FastifyReply {
  return reply
    .headers({ server: 'cloudflare', 'cf-mitigated': 'challenge', 'cf-ray': '0000000000000000-SIM' })
    .type('text/html; charset=UTF-8')
    .send(
      '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>Checking your browser</body></html>',
    );
}

function retryAfter({ retryAfterSeconds }: Strike<'answer'>): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}

/** The client gives up, or the server is closed. */
function socketClosed(request: FastifyRequest): Promise<void> {
  const { socket } = request.raw;
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}
