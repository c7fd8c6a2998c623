/** A refusal in the upstream's own form. Whoever throws one decides status and body; the error handler only sends it. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param: string | null = null,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get body(): object {
    return errorBody(this.code, this.message, this.param);
  }
}

export function errorBody(code: string | null, message: string, param: string | null = null): object {
  return { error: { message, type: 'invalid_request_error', param, code } };
}

export const upstreamErrors = {
  tokenMissing: () => new UpstreamError(401, 'unauthorized', 'Unauthorized: no bearer token was sent'),
  tokenInvalidated: () =>
    new UpstreamError(
      401,
      'token_invalidated',
      'Your authentication token has been invalidated. Please sign in again.',
    ),
  tokenExpired: () =>
    new UpstreamError(401, 'token_expired', 'Provided authentication token is expired. Please sign in again.'),
  unauthorized: () => new UpstreamError(401, 'unauthorized', 'Unauthorized'),
  countryBlocked: () =>
    new UpstreamError(403, 'unsupported_country_code', 'Country, region, or territory not supported', 'XX'),
  overload: () =>
    new UpstreamError(
      400,
      'invalid_request',
      'We are currently under heavy load (heavy_load), please try again later.',
    ),
  serverError: () => new UpstreamError(500, 'server_error', 'The server had an error while processing your request.'),
  rateLimited: (retryAfterSeconds?: number) =>
    new UpstreamError(
      429,
      'rate_limit_exceeded',
      'Too many requests, please slow down.',
      null,
      retryAfter(retryAfterSeconds),
    ),
  refreshTokenUnknown: () =>
    new UpstreamError(401, 'invalid_grant', 'Your refresh token is not valid. Please try signing in again.'),
  refreshTokenRevoked: () =>
    new UpstreamError(
      401,
      'refresh_token_invalidated',
      'Your refresh token has been revoked. Please try signing in again.',
    ),
  refreshTokenReused: () =>
    new UpstreamError(
      401,
      'refresh_token_reused',
      'Your refresh token has already been used to generate a new access token. Please try signing in again.',
    ),
  notEligible: () => new UpstreamError(403, 'not_eligible', 'This account has no access to Sora 2.'),
  inviteCodeUnknown: () =>
    new UpstreamError(400, 'invalid_invite_code', 'This invite code is not valid.', 'invite_code'),
  inviteCodeUsedUp: () =>
    new UpstreamError(400, 'invite_code_used_up', 'This invite code has been used up.', 'invite_code'),
  usernameTaken: (username = 'that') =>
    new UpstreamError(400, 'username_not_available', `The username "${username}" is not available.`, 'username'),
  quotaUsedUp: (resetsInSeconds?: number) =>
    new UpstreamError(
      429,
      'rate_limit_exceeded',
      'You have used up your videos for now. Please try again later.',
      null,
      retryAfter(resetsInSeconds),
    ),
  tooManyTasks: (open: number) =>
    new UpstreamError(
      429,
      'too_many_concurrent_tasks',
      `You already have ${open} generations in progress. Please wait for them to complete before starting a new one.`,
    ),
  proNeeded: () =>
    new UpstreamError(403, 'plan_not_allowed', 'This model or duration is available on the Pro plan only.', 'model'),
} as const;

function retryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}
