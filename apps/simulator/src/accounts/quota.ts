import type { Account } from './account.js';

export interface QuotaState {
  readonly remaining: number;
  readonly resetsInSeconds: number;
}

/** When the current window began and when it ends. */
export function quotaWindow({ quota }: Account, now: number): { from: number; to: number } {
  const lengthMs = quota.windowSeconds * 1000;
  const from = quota.since + Math.floor((now - quota.since) / lengthMs) * lengthMs;
  return { from, to: from + lengthMs };
}

/** What is left: a video counts when it ends, in the window in which it ends. */
export function quotaState(account: Account, ends: readonly number[], now: number): QuotaState {
  const { from, to } = quotaWindow(account, now);
  const used = ends.filter((end) => end >= from && end <= now).length;
  return {
    remaining: Math.max(0, account.quota.videos - used),
    resetsInSeconds: Math.ceil((to - now) / 1000),
  };
}
