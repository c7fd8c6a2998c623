import { z } from 'zod';
import { parseJson } from '../calls/parse-json.js';

export interface AccessTokenClaims {
  /** Unix ms. */
  issuedAt: number | null;
  expiresAt: number | null;
  email: string | null;
}

/** The last second that a date can be of. */
const latestSeconds = 8.64e12;
const profileClaim = 'https://api.openai.com/profile';
const secondsSchema = z.number().max(latestSeconds).nullish().catch(null);
const claimsSchema = z.object({
  iat: secondsSchema,
  exp: secondsSchema,
  [profileClaim]: z.object({ email: z.string().nullish() }).nullish().catch(null),
});

/** The claims of a JWT, unverified: they are hints for people and timers, the upstream alone decides what a token may. */
export function readAccessToken(accessToken: string): AccessTokenClaims {
  const payload = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8');
  const claims = claimsSchema.safeParse(parseJson(payload)).data;
  return {
    issuedAt: claims?.iat == null ? null : claims.iat * 1_000,
    expiresAt: claims?.exp == null ? null : claims.exp * 1_000,
    email: claims?.[profileClaim]?.email?.trim() || null,
  };
}
