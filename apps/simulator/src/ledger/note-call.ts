import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Account } from '../accounts/account.js';
import { bearerToken, sessionCookie } from '../http/authenticate.js';
import type { World } from '../world.js';
import type { Call } from './call-log.js';

/** Notes every call of the upstream's endpoints before anything else becomes of it. */
export function registerCallHooks(server: FastifyInstance, world: World): void {
  server.decorateRequest('account', undefined);
  server.decorateRequest('call', undefined);
  server.addHook('preHandler', async (request) => {
    noteCall(request, world);
  });
  server.addHook('onResponse', async (request, reply) => {
    // A connection that was cut has a status too, but nobody got it.
    if (request.call !== undefined && reply.raw.writableFinished) request.call.status = reply.statusCode;
  });
}

/** Once per request: a body that cannot be parsed is refused before the hooks come to it. */
export function noteCall(request: FastifyRequest, world: World): Call | undefined {
  const { endpoint } = request.routeOptions.config;
  if (endpoint === undefined || request.call !== undefined) return request.call;
  request.account = findAccount(request, world);
  request.call = world.calls.called({
    endpoint,
    account: request.account?.email ?? null,
    source: request.ip,
    userAgent: request.headers['user-agent'] ?? '',
  });
  return request.call;
}

/** Whom a request is about: known by access token, cookie, refresh token or link, good or not. */
function findAccount(request: FastifyRequest, { accounts, tasks, characters }: World): Account | undefined {
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
  const id = name?.replace(/\.\w+$/, '') ?? '';
  const owner = (tasks.findByGeneration(id) ?? characters.find(id))?.account;
  return owner === undefined ? undefined : accounts.find(owner);
}
