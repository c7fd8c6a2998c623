import { z } from 'zod';

export interface AccessTokenClaims {
  /** Unix ms. */
  expiresAt: number | null;
  email: string | null;
}

const profileClaim = 'https://api.openai.com/profile';
const claimsSchema = z.object({
  exp: z.number().nullish().catch(null),
  [profileClaim]: z.object({ email: z.string().nullish() }).nullish().catch(null),
});

/** The claims of a JWT, unverified: they are hints for people and timers, the upstream alone decides what a token may. */
export function readAccessToken(accessToken: string): AccessTokenClaims {
  const claims = claimsSchema.safeParse(decodePayload(accessToken)).data;
  return {
    expiresAt: claims?.exp == null ? null : claims.exp * 1_000,
    email: claims?.[profileClaim]?.email?.trim() || null,
  };
}

function decodePayload(accessToken: string): unknown {
  try {
    return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
