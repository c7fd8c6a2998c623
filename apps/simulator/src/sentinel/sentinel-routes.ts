import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bearerToken, requireAccount } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import type { World } from '../world.js';

const requestSchema = z.strictObject({ p: z.string().min(1), flow: z.string().min(1), id: z.uuidv4() });

export function registerSentinelRoutes(server: FastifyInstance, { accounts, sentinel }: World): void {
  server.post('/backend-api/sentinel/req', { config: { endpoint: 'sentinel' } }, (request) => {
    const account = bearerToken(request) === undefined ? undefined : requireAccount(request, accounts);
    // The newer client sends its JSON as text/plain.
    const body = typeof request.body === 'string' ? parseJson(request.body) : request.body;
    return sentinel.issue(strictBody(requestSchema, body), account?.email);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
