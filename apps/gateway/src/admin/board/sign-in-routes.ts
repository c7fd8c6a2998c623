/** Signing in to the board and out of it again: two forms and what becomes of them. */
import { equalSecrets } from '@reelay/platform/keys';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayParts } from '../../gateway-parts.js';
import { languageOf, type SignInPage, signInPage, signOutPage } from './board-pages.js';
import { safeNext, signInPath } from './board-paths.js';
import type { BoardSessions } from './board-session.js';
import type { SignInTries } from './sign-in-tries.js';

export interface SignInParts {
  parts: Pick<GatewayParts, 'adminKey' | 'publicUrl' | 'log'>;
  sessions: BoardSessions;
  tries: SignInTries;
}

/** A key, a path to go on to and their names. */
const largestFormBytes = 8 * 1024;

export function addSignInRoutes(scope: FastifyInstance, { parts, sessions, tries }: SignInParts): void {
  const config = { isPublicOnBoard: true } as const;
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: largestFormBytes },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );

  scope.get('/sign-in', { config }, (request, reply) => {
    const next = safeNext((request.query as Record<string, unknown>).next);
    if (sessions.secondsLeft(request.headers.cookie) > 0) return reply.redirect(next, 303);
    return show(request, reply, 200, { next });
  });

  scope.post('/sign-in', { config }, (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const next = safeNext(form.get('next'));
    const pauseMs = tries.pauseMsOf(request.ip);
    if (pauseMs > 0) {
      const waitSeconds = Math.ceil(pauseMs / 1000);
      void reply.header('retry-after', String(waitSeconds));
      return show(request, reply, 429, { next, problem: { waitSeconds } });
    }
    if (!equalSecrets((form.get('key') ?? '').trim(), parts.adminKey)) {
      tries.noteFailure(request.ip);
      parts.log.warn({ from: request.ip }, 'a sign-in to the board was refused: the key is not the admin key');
      return show(request, reply, 401, { next, problem: 'wrong_key' });
    }
    tries.noteSuccess(request.ip);
    parts.log.info({ from: request.ip }, 'somebody signed in to the board');
    void reply.header('set-cookie', sessions.begin({ isSecure: isSecure(request, parts.publicUrl) }));
    return reply.redirect(next, 303);
  });

  scope.get('/sign-out', { config }, (request, reply) =>
    page(reply, 200, signOutPage(languageOf(request.headers['accept-language']))),
  );

  scope.post('/sign-out', { config }, (request, reply) => {
    void reply.header('set-cookie', sessions.end({ isSecure: isSecure(request, parts.publicUrl) }));
    return reply.redirect(signInPath, 303);
  });
}

function show(request: FastifyRequest, reply: FastifyReply, status: number, form: Omit<SignInPage, 'language'>) {
  const language = languageOf(request.headers['accept-language']);
  return page(reply, status, signInPage({ language, ...form }));
}

function page(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply.code(status).header('vary', 'accept-language').type('text/html; charset=utf-8').send(html);
}

function isSecure(request: FastifyRequest, publicUrl: string | undefined): boolean {
  return request.protocol === 'https' || publicUrl?.startsWith('https:') === true;
}
