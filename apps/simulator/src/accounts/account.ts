import { createHash } from 'node:crypto';

export const plans = ['chatgpt_free', 'chatgpt_plus', 'chatgpt_team', 'chatgpt_pro'] as const;
export type Plan = (typeof plans)[number];

/** `activatable` becomes `active` by one call of the bootstrap endpoint; `none` never does. */
export const sora2States = ['none', 'activatable', 'active'] as const;
export type Sora2State = (typeof sora2States)[number];

/** What an account is, whole and plain: this is what the journal keeps. */
export interface Account {
  readonly email: string;
  readonly name: string;
  readonly plan: Plan;
  readonly sora2: Sora2State;
  /** Null until a handle is chosen. */
  readonly username: string | null;
  /** How many others its invite code has let in, and how many it can. */
  readonly invites: { readonly redeemed: number; readonly total: number };
  /** So many finished videos per window; windows follow one another from `since` (ms) on. */
  readonly quota: { readonly videos: number; readonly windowSeconds: number; readonly since: number };
  /** Unfinished tasks at once; null for no limit. */
  readonly concurrencyLimit: number | null;
  /** A dead account: no token of it is accepted, no new one is given. */
  readonly isInvalidated: boolean;
  readonly isCountryBlocked: boolean;
  readonly accessTokenSeconds: number;
  /** Access tokens of a smaller version are refused: raising it revokes all that were given. */
  readonly accessTokenVersion: number;
  readonly rotatesRefreshTokens: boolean;
  /** The number of the refresh token that is good now; smaller ones are used up. */
  readonly refreshTokenNumber: number;
  /** Smaller numbers belong to families that are revoked. */
  readonly refreshFamilyFrom: number;
  /** Whether the second use of a refresh token costs the account its good one as well, as a thief may have either. */
  readonly revokesFamilyOnReuse: boolean;
  readonly createdAt: number;
}

/** What its owner gives to friends. */
export function inviteCode({ email }: Account): string {
  return createHash('sha256').update(`invite ${email}`).digest('hex').slice(0, 8).toUpperCase();
}

export function userId(account: Account): string {
  return `user-${Buffer.from(account.email).toString('base64url')}`;
}
