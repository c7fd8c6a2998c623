import type { AccountContext, RefreshedCredential, RefreshSecrets } from '@reelay/contracts/provider';
import { isUpstreamError, UpstreamError } from '@reelay/contracts/upstream-error';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { exchangeHeaders, sessionHeaders } from '../calls/headers.js';
import { readAccessToken } from './access-token.js';

const defaultClientId = 'app_LlGpXReQgckcGGUo2JrYvtJK';
const redirectUri = 'com.openai.chat://auth0.openai.com/ios/com.openai.chat/callback';

/** Signed out, the session endpoint answers 200 with `{}` or `null`: a clear no, unlike an answer that cannot be read. */
const sessionSchema = z.object({ accessToken: z.string().nullish() }).nullable();
const exchangeSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish(),
  expires_in: z.number().nullish().catch(null),
});

/**
 * By session token, which may be asked again at will; only if that does not work by refresh token, which is spent by the asking.
 * @throws UpstreamError
 */
export async function refreshCredential(
  { sessionToken, refreshToken, clientId }: RefreshSecrets,
  context: AccountContext,
): Promise<RefreshedCredential> {
  if (!sessionToken && !refreshToken) {
    throw rejected(
      'Neither a session token nor a refresh token is stored. Add the account again with a new access token.',
    );
  }
  if (!sessionToken) return exchangeRefreshToken(refreshToken ?? '', clientId, context);
  try {
    return await renewBySession(sessionToken, context);
  } catch (sessionError) {
    if (!refreshToken || context.signal.aborted) throw sessionError;
    return exchangeRefreshToken(refreshToken, clientId, context).catch((error: unknown) => {
      // A dead refresh token does not make a session dead that could only not be asked just now.
      throw isRejection(error) && !isRejection(sessionError) ? sessionError : error;
    });
  }
}

function isRejection(error: unknown): boolean {
  return isUpstreamError(error) && error.tokenEffect.effect === 'credential_rejected';
}

async function renewBySession(sessionToken: string, context: AccountContext): Promise<RefreshedCredential> {
  const session = await callJson(
    context,
    { kind: 'call', name: 'GET api/auth/session', secrets: [sessionToken] },
    { method: 'GET', url: context.target.urls.session ?? '', headers: sessionHeaders(context, sessionToken) },
    sessionSchema,
  );
  const accessToken = session?.accessToken;
  if (!accessToken) throw rejected('The session token has expired. Add the account again with a new one.');
  return { accessToken, expiresAt: readAccessToken(accessToken).expiresAt };
}

async function exchangeRefreshToken(
  refreshToken: string,
  clientId: string | undefined,
  context: AccountContext,
): Promise<RefreshedCredential> {
  const answer = await callJson(
    context,
    { kind: 'exchange', name: 'POST oauth/token', secrets: [refreshToken] },
    {
      method: 'POST',
      url: context.target.urls.oauth ?? '',
      headers: exchangeHeaders(context),
      body: JSON.stringify({
        client_id: clientId ?? defaultClientId,
        grant_type: 'refresh_token',
        redirect_uri: redirectUri,
        refresh_token: refreshToken,
      }),
    },
    exchangeSchema,
  );
  const lifeMs = answer.expires_in == null ? undefined : answer.expires_in * 1_000;
  return {
    accessToken: answer.access_token,
    ...(answer.refresh_token ? { refreshToken: answer.refresh_token } : {}),
    expiresAt: readAccessToken(answer.access_token).expiresAt ?? (lifeMs === undefined ? null : context.now() + lifeMs),
  };
}

function rejected(message: string): UpstreamError {
  return new UpstreamError({
    code: 'credential_unavailable',
    message,
    submitClass: 'refused',
    fault: 'token',
    tokenEffect: { effect: 'credential_rejected' },
  });
}
