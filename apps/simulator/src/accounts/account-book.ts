import type { Clock } from '../clock.js';
import type { Journal } from '../journal/journal.js';
import type { SeededSource } from '../seeded-source.js';
import { mintAccessToken, readAccessToken } from './access-token.js';
import { type Account, inviteCode } from './account.js';
import { defaultAccounts, newAccount } from './default-accounts.js';
import { readRefreshToken, readSessionToken } from './long-lived-tokens.js';

export type AccountChanges = Partial<Omit<Account, 'email' | 'createdAt'>>;

export type AccessCheck =
  | { readonly verdict: 'good'; readonly account: Account }
  | { readonly verdict: 'expired' | 'invalidated'; readonly account?: Account };

export type RefreshCheck =
  | { readonly verdict: 'good' | 'reused' | 'revoked'; readonly account: Account }
  | { readonly verdict: 'unknown' };

/** All accounts, and what becomes of the tokens they come with. */
export class AccountBook {
  readonly #accounts = new Map<string, Account>();
  /** The token last given for an account, so that looking at the accounts does not make new ones. */
  readonly #accessTokens = new Map<string, string>();

  constructor(
    private readonly now: Clock,
    private readonly source: SeededSource,
    private readonly journal: Journal,
  ) {
    this.reset();
  }

  reset(): void {
    this.#accounts.clear();
    this.#accessTokens.clear();
    for (const account of defaultAccounts()) this.#accounts.set(account.email, account);
  }

  /** Takes an account over from the journal, without writing it there again. An older one may not say everything. */
  restore(account: Account): void {
    this.#accounts.set(account.email, { ...newAccount(account.email, account.plan, account.createdAt), ...account });
  }

  all(): Account[] {
    return [...this.#accounts.values()];
  }

  find(email: string): Account | undefined {
    return this.#accounts.get(email);
  }

  findByUsername(username: string): Account | undefined {
    return this.all().find((account) => account.username === username);
  }

  findByInviteCode(code: string): Account | undefined {
    return this.all().find((account) => inviteCode(account) === code);
  }

  put(account: Account): Account {
    this.#accounts.set(account.email, account);
    this.journal.append({ type: 'account', account });
    return account;
  }

  change(account: Account, changes: AccountChanges): Account {
    return this.put({ ...account, ...changes });
  }

  checkAccess(token: string): AccessCheck {
    const claims = readAccessToken(token);
    const account = claims && this.#accounts.get(claims.email);
    if (!claims || !account) return { verdict: 'invalidated' };
    if (account.isInvalidated || claims.version < account.accessTokenVersion)
      return { verdict: 'invalidated', account };
    if (claims.expiresAt <= this.now()) return { verdict: 'expired', account };
    return { verdict: 'good', account };
  }

  findBySession(token: string): Account | undefined {
    const email = readSessionToken(token);
    return email === undefined ? undefined : this.#accounts.get(email);
  }

  checkRefresh(token: string): RefreshCheck {
    const claims = readRefreshToken(token);
    const account = claims && this.#accounts.get(claims.email);
    if (!claims || !account) return { verdict: 'unknown' };
    if (claims.number < account.refreshFamilyFrom) return { verdict: 'revoked', account };
    // A number from the future is our own, given before a restart that lost the count.
    return { verdict: claims.number < account.refreshTokenNumber ? 'reused' : 'good', account };
  }

  /** Exchanges a refresh token; the account returned carries the one that is good now: the next, if they rotate. */
  useRefreshToken(account: Account, token: string, rotates: boolean): Account {
    const number = readRefreshToken(token)?.number ?? account.refreshTokenNumber;
    const next = rotates ? number + 1 : number;
    return next === account.refreshTokenNumber ? account : this.change(account, { refreshTokenNumber: next });
  }

  /** No refresh token given so far is good any more. The next one is as its owner gets it by signing in again. */
  revokeRefreshTokens(account: Account): Account {
    const next = account.refreshTokenNumber + 1;
    return this.change(account, { refreshTokenNumber: next, refreshFamilyFrom: next });
  }

  /** The token in use; a new one where there is none or it is about to end. */
  currentAccessToken(account: Account): string {
    const token = this.#accessTokens.get(account.email);
    const claims = token === undefined ? undefined : readAccessToken(token);
    const leftMs = (claims?.expiresAt ?? 0) - this.now();
    const lifeMs = account.accessTokenSeconds * 1000;
    // More than its whole life is left where the account's tokens were given a shorter one meanwhile.
    const isUsable = claims?.version === account.accessTokenVersion && leftMs > lifeMs / 2 && leftMs <= lifeMs;
    return isUsable && token !== undefined ? token : this.newAccessToken(account);
  }

  newAccessToken(account: Account): string {
    const token = mintAccessToken(account, this.now(), this.source.bytes('access token').toString('hex', 0, 8));
    this.#accessTokens.set(account.email, token);
    return token;
  }
}
