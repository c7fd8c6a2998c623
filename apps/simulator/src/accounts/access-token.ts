import { isSignedBy, sign } from '../signature.js';
import { type Account, userId } from './account.js';

const PROFILE_CLAIM = 'https://api.openai.com/profile';
const AUTH_CLAIM = 'https://api.openai.com/auth';
const VERSION_CLAIM = 'https://simulator.test/version';
const PURPOSE = 'access token';

export interface AccessTokenClaims {
  readonly email: string;
  readonly expiresAt: number;
  readonly version: number;
}

/** A JWT as the upstream gives it: three parts, `exp`, `iat` and the profile claim with the e-mail address. */
export function mintAccessToken(account: Account, now: number, id: string): string {
  const issuedAt = Math.floor(now / 1000);
  const payload = {
    iss: 'https://auth.openai.com',
    aud: ['https://api.openai.com/v1'],
    sub: userId(account),
    iat: issuedAt,
    exp: issuedAt + account.accessTokenSeconds,
    jti: id,
    [PROFILE_CLAIM]: { email: account.email, email_verified: true },
    [AUTH_CLAIM]: { user_id: userId(account), chatgpt_plan_type: account.plan.replace('chatgpt_', '') },
    [VERSION_CLAIM]: account.accessTokenVersion,
  };
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
  return `${content}.${sign(PURPOSE, content)}`;
}

/** What a token says, if it is ours at all; whether it is still good is another question. */
export function readAccessToken(token: string): AccessTokenClaims | undefined {
  const parts = token.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature) return undefined;
  if (!isSignedBy(signature, PURPOSE, `${header}.${payload}`)) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  return { email: claims[PROFILE_CLAIM].email, expiresAt: claims.exp * 1000, version: claims[VERSION_CLAIM] };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
