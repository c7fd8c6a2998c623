import type { Account, Plan } from './account.js';

const TEN_DAYS_SECONDS = 864_000;
const DAY_SECONDS = 86_400;
const JANUARY_2026 = Date.UTC(2026, 0, 1);

const videosPerDay: Readonly<Record<Plan, number>> = {
  chatgpt_free: 1_000,
  chatgpt_plus: 3_000,
  chatgpt_team: 3_000,
  chatgpt_pro: 10_000,
};

/** The accounts that are there from the start: the same ones whenever and wherever the simulator starts. */
export function defaultAccounts(): Account[] {
  return (['free', 'plus', 'pro'] as const).map((plan) =>
    newAccount(`${plan}@simulator.test`, `chatgpt_${plan}`, JANUARY_2026),
  );
}

/** An ordinary account: Sora 2 active, with a handle, nothing wrong with it. */
export function newAccount(email: string, plan: Plan, createdAt: number): Account {
  const handle = email.split('@')[0] ?? email;
  return {
    email,
    name: `Simulated ${handle}`,
    plan,
    sora2: 'active',
    invites: { redeemed: 0, total: 6 },
    username: `sim.${handle.toLowerCase().replace(/[^a-z0-9]+/g, '.')}`,
    quota: { videos: videosPerDay[plan], windowSeconds: DAY_SECONDS, since: createdAt },
    concurrencyLimit: null,
    isInvalidated: false,
    isCountryBlocked: false,
    accessTokenSeconds: TEN_DAYS_SECONDS,
    accessTokenVersion: 1,
    rotatesRefreshTokens: true,
    refreshTokenNumber: 1,
    refreshFamilyFrom: 1,
    revokesFamilyOnReuse: true,
    createdAt,
  };
}
