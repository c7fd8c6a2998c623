/** Whether a browser's request was made by a page of ours. */
import type { FastifyRequest } from 'fastify';

/**
 * Browsers say `Sec-Fetch-Site` on https and on the machine itself, and `Origin` with everything that is no GET. Whoever says neither is
 * no browser, and has no business with a cookie.
 */
export function isSameOrigin(
  request: Pick<FastifyRequest, 'headers' | 'host'>,
  publicUrl: string | undefined,
): boolean {
  const { 'sec-fetch-site': site, origin } = request.headers;
  if (site !== undefined) return site === 'same-origin';
  if (origin === undefined || !URL.canParse(origin)) return false;
  // A proxy in front may speak https to the browser and http to us: only the host is certain.
  if (new URL(origin).host === request.host.toLowerCase()) return true;
  return publicUrl !== undefined && new URL(publicUrl).origin === origin;
}
