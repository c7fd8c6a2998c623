import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { requireAccount, requireSora2 } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import { upstreamErrors } from '../http/upstream-error.js';
import type { World } from '../world.js';
import { type Account, inviteCode, userId } from './account.js';
import { quotaState, quotaWindow } from './quota.js';

const usernameSchema = z.strictObject({ username: z.string().min(1) });
const inviteSchema = z.strictObject({ invite_code: z.string().min(1) });
const USERNAME = /^[a-z0-9][a-z0-9._]{2,29}$/;

const planTitles: Readonly<Record<Account['plan'], string>> = {
  chatgpt_free: 'ChatGPT Free',
  chatgpt_plus: 'ChatGPT Plus',
  chatgpt_team: 'ChatGPT Team',
  chatgpt_pro: 'ChatGPT Pro',
};

/** Who an account is, what it has paid for, and what it may still do. */
export function registerAccountRoutes(server: FastifyInstance, world: World): void {
  const { accounts, characters, tasks } = world;

  server.get('/backend/me', { config: { endpoint: 'me' } }, (request) => {
    return profile(requireAccount(request, accounts));
  });

  server.get('/backend/billing/subscriptions', { config: { endpoint: 'subscriptions' } }, (request) => {
    const { plan } = requireAccount(request, accounts);
    return {
      data: [
        {
          plan: { id: plan, title: planTitles[plan] },
          end_ts: plan === 'chatgpt_free' ? null : nextMonth(world.now()),
        },
      ],
    };
  });

  server.get('/backend/project_y/invite/mine', { config: { endpoint: 'invite' } }, (request) => {
    const account = requireSora2(request, accounts);
    const { redeemed, total } = account.invites;
    return { invite_code: inviteCode(account), redeemed_count: redeemed, total_count: total };
  });

  server.post('/backend/project_y/invite/accept', { config: { endpoint: 'invite_accept' } }, (request) => {
    const account = requireAccount(request, accounts);
    const { invite_code: code } = strictBody(inviteSchema, request.body);
    if (account.sora2 === 'active') return { success: true, already_accepted: true };
    const host = accounts.findByInviteCode(code);
    if (host === undefined || host.email === account.email) throw upstreamErrors.inviteCodeUnknown();
    const { redeemed, total } = host.invites;
    if (redeemed >= total) throw upstreamErrors.inviteCodeUsedUp();
    accounts.change(host, { invites: { redeemed: redeemed + 1, total } });
    accounts.change(account, { sora2: 'active' });
    return { success: true, already_accepted: false };
  });

  server.get('/backend/m/bootstrap', { config: { endpoint: 'bootstrap' } }, (request) => {
    const account = requireAccount(request, accounts);
    if (account.sora2 === 'none') throw upstreamErrors.notEligible();
    if (account.sora2 === 'activatable') accounts.change(account, { sora2: 'active' });
    return {};
  });

  server.get('/backend/nf/check', { config: { endpoint: 'check' } }, (request) => {
    const account = requireSora2(request, accounts);
    tasks.forgetEndsBefore(account.email, quotaWindow(account, world.now()).from);
    const { remaining, resetsInSeconds } = quotaState(account, tasks.ends(account.email), world.now());
    return {
      rate_limit_and_credit_balance: {
        estimated_num_videos_remaining: remaining,
        rate_limit_reached: remaining === 0,
        access_resets_in_seconds: resetsInSeconds,
      },
    };
  });

  server.post('/backend/project_y/profile/username/check', { config: { endpoint: 'username_check' } }, (request) => {
    const account = requireAccount(request, accounts);
    return { available: isAvailable(strictBody(usernameSchema, request.body).username, account) };
  });

  server.post('/backend/project_y/profile/username/set', { config: { endpoint: 'username_set' } }, (request) => {
    const account = requireAccount(request, accounts);
    const { username } = strictBody(usernameSchema, request.body);
    if (!isAvailable(username, account)) throw upstreamErrors.usernameTaken(username);
    return profile(accounts.change(account, { username }));
  });

  function isAvailable(username: string, account: Account): boolean {
    if (!USERNAME.test(username) || characters.findByUsername(username)) return false;
    const holder = accounts.findByUsername(username);
    return holder === undefined || holder.email === account.email;
  }
}

function profile(account: Account): object {
  return { id: userId(account), email: account.email, name: account.name, username: account.username };
}

/** Subscriptions renew on the first of a month. */
function nextMonth(now: number): string {
  const date = new Date(now);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)).toISOString();
}
