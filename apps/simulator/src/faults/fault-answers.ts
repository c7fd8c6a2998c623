import type { FastifyReply, FastifyRequest } from 'fastify';
import { UpstreamError, upstreamErrors } from '../http/upstream-error.js';
import type { Endpoint } from './endpoints.js';
import type { Strike } from './fault-board.js';
import type { KindOf } from './fault-table.js';

type Answer = (reply: FastifyReply, strike: Strike<'answer'>, endpoint: Endpoint) => FastifyReply;

/** Answers a request in place of its handler. */
export function answerWithFault(
  request: FastifyRequest,
  reply: FastifyReply,
  strike: Strike<'answer'>,
  endpoint: Endpoint,
): FastifyReply {
  if (strike.kind === 'reset') {
    request.raw.socket.resetAndDestroy();
    return reply.hijack();
  }
  return answers[strike.kind](reply, strike, endpoint);
}

const answers: Record<Exclude<KindOf<'answer'>, 'reset'>, Answer> = {
  overload: (reply) => refuse(reply, upstreamErrors.overload()),
  token_invalidated: (reply) => refuse(reply, upstreamErrors.tokenInvalidated()),
  token_expired: (reply) => refuse(reply, upstreamErrors.tokenExpired()),
  unauthorized: (reply) => refuse(reply, upstreamErrors.unauthorized()),
  invite_unauthorized: (reply) => refuse(reply, upstreamErrors.unauthorized()),
  rate_limited: (reply, { retryAfterSeconds }) => refuse(reply, upstreamErrors.rateLimited(retryAfterSeconds)),
  country_block: (reply) => refuse(reply, upstreamErrors.countryBlocked()),
  server_error: (reply) => refuse(reply, upstreamErrors.serverError()),
  refresh_reuse_rejected: (reply) => refuse(reply, upstreamErrors.refreshTokenReused()),
  error_as_string: (reply, { status, reason }) => reply.code(status).send({ error: reason ?? 'Something went wrong.' }),
  error_null: (reply, { status }) => reply.code(status).send({ error: null }),
  cloudflare_403: (reply) => sendChallenge(reply.code(403)),
  cloudflare_429: (reply, { retryAfterSeconds }) => {
    if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
    return sendChallenge(reply.code(429));
  },
  empty_200: (reply) => sendJsonText(reply, ''),
  not_json_200: (reply) => reply.type('text/html').send('<!doctype html><title>Sora</title><div id="root"></div>'),
  session_empty: (reply) => sendJsonText(reply, '{}'),
  session_null: (reply) => sendJsonText(reply, 'null'),
  username_taken: (reply, _, endpoint) => {
    if (endpoint === 'username_check') return reply.send({ available: false });
    return refuse(reply, upstreamErrors.usernameTaken());
  },
  quota_exhausted: (reply, { remaining, resetsInSeconds }, endpoint) => {
    if (endpoint !== 'check') return refuse(reply, upstreamErrors.quotaUsedUp(resetsInSeconds));
    return reply.send({
      rate_limit_and_credit_balance: {
        estimated_num_videos_remaining: remaining,
        rate_limit_reached: remaining === 0,
        ...(resetsInSeconds === undefined ? {} : { access_resets_in_seconds: resetsInSeconds }),
      },
    });
  },
};

function refuse(reply: FastifyReply, { status, headers, body }: UpstreamError): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

function sendJsonText(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(200).type('application/json').send(text);
}

function sendChallenge(reply: FastifyReply): FastifyReply {
  return reply
    .headers({ server: 'cloudflare', 'cf-mitigated': 'challenge', 'cf-ray': '0000000000000000-SIM' })
    .type('text/html; charset=UTF-8')
    .send(
      '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>Checking your browser</body></html>',
    );
}
