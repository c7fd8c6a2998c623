/**
 * Pages of other origins may call the API (`/v1`) and read its media, with a key in a header and never with cookies. What operators use
 * (`/api/admin`) answers no other origin.
 */
import type { Settings } from '@reelay/contracts/settings';
import type { FastifyInstance } from 'fastify';

/** What a page may read beside the body. */
const exposedHeaders = [
  ...['x-request-id', 'openai-poll-after-ms', 'retry-after', 'x-should-retry'],
  ...['x-ratelimit-limit-requests', 'x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ...['content-disposition', 'content-length', 'content-range', 'accept-ranges', 'etag'],
].join(', ');
const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** As long as browsers remember at the most. */
const preflightSeconds = '7200';

export function registerCors(server: FastifyInstance, settings: { read(): Promise<Settings> }): void {
  server.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined || !/^\/+(v1|media)(\/|\?|$)/.test(request.raw.url ?? '')) {
      done();
      return;
    }
    settings.read().then(({ 'cors.origins': origins }) => {
      const allowed = allowedOrigin(origin, origins);
      // On the raw response, so that streams carry them too.
      if (allowed !== '*') reply.raw.setHeader('vary', 'Origin');
      if (allowed === undefined) {
        done();
        return;
      }
      reply.raw.setHeader('access-control-allow-origin', allowed);
      reply.raw.setHeader('access-control-expose-headers', exposedHeaders);
      const isPreflight =
        request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
      if (!isPreflight) {
        done();
        return;
      }
      // Browsers ask this without the key.
      void reply
        .code(204)
        .headers({
          'access-control-allow-methods': methods,
          // `*` would not take in `authorization`, and the SDKs send a dozen headers of their own.
          'access-control-allow-headers': headerNames(request.headers['access-control-request-headers']),
          'access-control-max-age': preflightSeconds,
        })
        .send();
    }, done);
  });
}

/** The value of Access-Control-Allow-Origin, or undefined where this origin may not. */
export function allowedOrigin(origin: string, origins: readonly string[]): string | undefined {
  if (origins.includes('*')) return '*';
  return origins.some((each) => each.toLowerCase() === origin.toLowerCase()) ? origin : undefined;
}

/** Given back as asked, as far as they are names of headers. */
function headerNames(asked: string | undefined): string {
  const names = (asked ?? '').split(',').map((name) => name.trim());
  const valid = names.filter((name) => /^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name)).slice(0, 100);
  return valid.length > 0 ? valid.join(', ') : 'authorization, content-type';
}
