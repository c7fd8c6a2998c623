import type { FastifyRequest } from 'fastify';
import type { Account } from '../accounts/account.js';
import type { AccountBook } from '../accounts/account-book.js';
import { upstreamErrors } from './upstream-error.js';

export function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

export function sessionCookie(request: FastifyRequest): string | undefined {
  return /(?:^|;\s*)__Secure-next-auth\.session-token=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
}

/** The account whose good access token came with the request, else the upstream's refusal. */
export function requireAccount(request: FastifyRequest, accounts: AccountBook): Account {
  const token = bearerToken(request);
  if (token === undefined) throw upstreamErrors.tokenMissing();
  const check = accounts.checkAccess(token);
  if (check.verdict !== 'good') {
    throw check.verdict === 'expired' ? upstreamErrors.tokenExpired() : upstreamErrors.tokenInvalidated();
  }
  if (check.account.isCountryBlocked) throw upstreamErrors.countryBlocked();
  return check.account;
}

/** As above, for what only accounts with Sora 2 may do. */
export function requireSora2(request: FastifyRequest, accounts: AccountBook): Account {
  const account = requireAccount(request, accounts);
  if (account.sora2 !== 'active') throw upstreamErrors.unauthorized();
  return account;
}
