import type { FastifyRequest } from 'fastify';

/** The query as it was sent, with its question mark; the token-manager reads and checks it. */
export function queryOf({ raw }: Pick<FastifyRequest, 'raw'>): string {
  const url = raw.url ?? '';
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
