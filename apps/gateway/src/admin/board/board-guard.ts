/** Every door under the board's path: who may go in, and what may be done there. A route that is not marked public needs a session. */
import { AppError } from '@reelay/contracts/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayParts } from '../../gateway-parts.js';
import { checkAdminKey } from '../../http/key.guard.js';
import { signInPathFor } from './board-paths.js';
import type { BoardSessions } from './board-session.js';
import { isSameOrigin } from './same-origin.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    isPublicOnBoard?: true;
  }
}

export type BoardGuardParts = Pick<GatewayParts, 'adminKey' | 'publicUrl' | 'settings'>;

/** A Fastify `onRequest` hook: nothing of a body is read before. It looks at the route, never at the path as sent. */
export function createBoardGuard({ adminKey, publicUrl, settings }: BoardGuardParts, sessions: BoardSessions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { authorization, cookie } = request.headers;
    const { isPublicOnBoard = false } = request.routeOptions.config;
    const changesNothing = request.method === 'GET' || request.method === 'HEAD';
    if (authorization !== undefined && !isPublicOnBoard) {
      checkAdminKey(adminKey, authorization);
    } else {
      const secondsLeft = isPublicOnBoard ? undefined : sessions.secondsLeft(cookie);
      if (secondsLeft === 0) return turnAway(request, reply);
      // A browser sends cookies along whichever page asked for the request, but never a header with a key.
      if (!changesNothing && !isSameOrigin(request, publicUrl)) throw comesFromElsewhere();
      // An open page asks for the key at the end of its session, instead of failing quietly.
      if (secondsLeft !== undefined && wantsPage(request)) reply.header('refresh', String(secondsLeft));
    }
    if (changesNothing || isPublicOnBoard || (await settings.read())['board.allowActions']) return undefined;
    throw new AppError(
      'insufficient_permissions',
      'The board only shows queues here; an operator can allow more with the setting "board.allowActions".',
    );
  };
}

function turnAway(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (wantsPage(request)) return reply.redirect(signInPathFor(request.raw.url ?? ''), 303);
  throw new AppError(
    'invalid_api_key',
    'Nobody is signed in here: sign in at /admin/queues, or send the admin key as "Authorization: Bearer <key>".',
  );
}

function wantsPage({ method, headers }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && (headers.accept ?? '').includes('text/html');
}

function comesFromElsewhere(): AppError {
  return new AppError(
    'insufficient_permissions',
    'This was not asked for by a page of the board. Behind a proxy, set PUBLIC_URL to the address in the browser, or TRUST_PROXY.',
  );
}
