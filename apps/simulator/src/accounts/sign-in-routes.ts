import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { sessionCookie } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import { upstreamErrors } from '../http/upstream-error.js';
import type { World } from '../world.js';
import { userId } from './account.js';
import { refreshToken } from './long-lived-tokens.js';

const refreshSchema = z.strictObject({
  client_id: z.string().min(1),
  grant_type: z.literal('refresh_token'),
  redirect_uri: z.literal('com.openai.chat://auth0.openai.com/ios/com.openai.chat/callback'),
  refresh_token: z.string().min(1),
});

/** The two ways to a new access token: a browser's session cookie, and a refresh token that is good once. */
export function registerSignInRoutes(server: FastifyInstance, { accounts, faults, now }: World): void {
  server.get('/api/auth/session', { config: { endpoint: 'session' } }, (request) => {
    const cookie = sessionCookie(request);
    const account = cookie === undefined ? undefined : accounts.findBySession(cookie);
    // Nobody is signed in: that is an answer there, not an error.
    if (account === undefined || account.isInvalidated) return {};
    return {
      user: { id: userId(account), name: account.name, email: account.email },
      expires: new Date(now() + account.accessTokenSeconds * 1000).toISOString(),
      accessToken: accounts.newAccessToken(account),
    };
  });

  server.post('/oauth/token', { config: { endpoint: 'oauth' } }, (request) => {
    const { refresh_token: token } = strictBody(refreshSchema, request.body);
    const check = accounts.checkRefresh(token);
    if (check.verdict === 'unknown' || check.account.isInvalidated) throw upstreamErrors.refreshTokenUnknown();
    if (check.verdict === 'revoked') throw upstreamErrors.refreshTokenRevoked();
    if (check.verdict === 'reused') {
      if (check.account.revokesFamilyOnReuse) accounts.revokeRefreshTokens(check.account);
      throw upstreamErrors.refreshTokenReused();
    }
    const strike = faults.take('exchange', 'oauth', check.account.email)?.kind;
    const isSilent = strike === 'refresh_token_missing';
    const rotates = !isSilent && (check.account.rotatesRefreshTokens || strike === 'refresh_rotated');
    const account = accounts.useRefreshToken(check.account, token, rotates);
    return {
      access_token: accounts.newAccessToken(account),
      ...(isSilent ? {} : { refresh_token: refreshToken(account) }),
      expires_in: account.accessTokenSeconds,
      token_type: 'Bearer',
    };
  });
}
