/** The board of queues as one closed scope of the server: what is registered in it is behind its guard, and has its headers and errors. */
import type { FastifyInstance } from 'fastify';
import type { GatewayParts } from '../../gateway-parts.js';
import type { ErrorFilter } from '../../http/error.filter.js';
import { parseJson } from '../../http/parse-json.js';
import { setHeaders, toBoardError, withBothShapes } from './board-answers.js';
import { createBoardGuard } from './board-guard.js';
import { boardPath } from './board-paths.js';
import { BoardSessions } from './board-session.js';
import { QueueBoard } from './queue-board.js';
import { addSignInRoutes } from './sign-in-routes.js';
import { SignInTries } from './sign-in-tries.js';

export interface RegisterBoardOptions {
  server: FastifyInstance;
  parts: Pick<GatewayParts, 'adminKey' | 'publicUrl' | 'settings' | 'log' | 'queues'>;
  errors: ErrorFilter;
  webKey: string;
}

/** What Bull Board's actions carry: new data of a job, a limit. */
const largestBodyBytes = 64 * 1024;

export function registerBoard({ server, parts, errors, webKey }: RegisterBoardOptions): void {
  const { adminKey, settings, queues } = parts;
  const sessions = new BoardSessions({ webKey, adminKey });
  const board = new QueueBoard(queues);
  server.register(
    async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        'application/json',
        { parseAs: 'buffer', bodyLimit: largestBodyBytes },
        async (_request: unknown, body: Buffer) => parseJson(body),
      );
      // On each route, because Bull Board brings an error handler of its own.
      scope.addHook('onRoute', (route) => {
        route.errorHandler = (error, request, reply) => errors.send(toBoardError(error), request, reply);
      });
      scope.addHook('onRequest', createBoardGuard(parts, sessions));
      scope.addHook('preHandler', async ({ routeOptions }) => {
        if (!routeOptions.url?.startsWith(`${boardPath}/api/`)) return;
        await board.prepare({ allowsActions: (await settings.read())['board.allowActions'] });
      });
      scope.addHook('preSerialization', async (_request, reply, payload) => withBothShapes(reply.statusCode, payload));
      scope.addHook('onSend', async (request, reply) => setHeaders(request, reply));
      addSignInRoutes(scope, { parts, sessions, tries: new SignInTries() });
      board.addRoutesTo(scope);
    },
    { prefix: boardPath },
  );
}
