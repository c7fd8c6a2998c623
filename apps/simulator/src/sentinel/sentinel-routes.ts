import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bearerToken, requireAccount } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import type { World } from '../world.js';

const requestSchema = z.strictObject({ p: z.string().min(1), flow: z.string().min(1), id: z.uuidv4() });

/** A scope of its own, because it reads JSON as text: one of the two clients sends it as text/plain and repeats it in a header. */
export function registerSentinelRoutes(server: FastifyInstance, { accounts, sentinel }: World): void {
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_, text, done) => done(null, text));

    scope.post<{ Body?: string }>('/backend-api/sentinel/req', { config: { endpoint: 'sentinel' } }, (request) => {
      const hasAccessToken = bearerToken(request) !== undefined;
      const account = hasAccessToken ? requireAccount(request, accounts) : undefined;
      const text = request.body ?? '';
      return sentinel.issue(strictBody(requestSchema, parseJson(text)), account?.email, {
        contentType: request.headers['content-type'] ?? '',
        userAgent: request.headers['user-agent'] ?? '',
        hasAccessToken,
        text,
      });
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
