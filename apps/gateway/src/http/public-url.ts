/** What links begin with. */
import type { FastifyRequest } from 'fastify';

/** `PUBLIC_URL`, else scheme and host as the client (or a trusted proxy for it) wrote them. No slash at the end. */
export function publicUrlOf(request: FastifyRequest, configured: string | undefined): string {
  if (configured !== undefined) return configured;
  const url = `${request.protocol}://${request.host}`;
  // The host is whatever the client sent: only a plain authority may stand in a link.
  const isPlain = /^https?:\/\/[\w.-]+(:\d+)?$|^https?:\/\/\[[\da-f:.]+\](:\d+)?$/i.test(url);
  return isPlain ? url : '';
}
