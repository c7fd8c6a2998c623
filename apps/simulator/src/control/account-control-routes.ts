import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Account, inviteCode, plans, sora2States } from '../accounts/account.js';
import { newAccount } from '../accounts/default-accounts.js';
import { refreshToken, sessionToken } from '../accounts/long-lived-tokens.js';
import { quotaState } from '../accounts/quota.js';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import type { World } from '../world.js';

const changesSchema = z.strictObject({
  name: z.string().min(1).optional(),
  plan: z.enum(plans).optional(),
  sora2: z.enum(sora2States).optional(),
  username: z.string().min(1).nullable().optional(),
  /** A new window begins now. */
  quota: z
    .strictObject({ videos: z.number().int().min(0), windowSeconds: z.number().int().min(1).default(86_400) })
    .optional(),
  concurrencyLimit: z.number().int().min(1).nullable().optional(),
  isInvalidated: z.boolean().optional(),
  isCountryBlocked: z.boolean().optional(),
  accessTokenSeconds: z.number().int().min(1).optional(),
  rotatesRefreshTokens: z.boolean().optional(),
  revokesFamilyOnReuse: z.boolean().optional(),
  invites: z.strictObject({ redeemed: z.number().int().min(0), total: z.number().int().min(0) }).optional(),
  /** Makes every access token given so far invalid; a refresh gives a good one. */
  revokeAccessTokens: z.literal(true).optional(),
});
const creationSchema = changesSchema.extend({ email: z.email().optional() });

type Changes = z.output<typeof changesSchema>;

export function registerAccountControlRoutes(server: FastifyInstance, world: World): void {
  const { accounts, now } = world;

  server.get('/_sim/accounts', () => accounts.all().map((account) => accountView(world, account)));

  server.post('/_sim/accounts', (request, reply) => {
    const { email = `account-${accounts.all().length + 1}@simulator.test`, ...changes } = strictBody(
      creationSchema,
      request.body ?? {},
    );
    if (accounts.find(email))
      throw new UpstreamError(409, 'account_exists', `There is an account "${email}" already.`, 'email');
    const account = newAccount(email, changes.plan ?? 'chatgpt_plus', now());
    reply.code(201);
    return accountView(world, accounts.put(applyChanges(account, changes, now())));
  });

  server.patch<{ Params: { email: string } }>('/_sim/accounts/:email', (request) => {
    const account = accounts.find(request.params.email);
    if (!account) throw new UpstreamError(404, 'no_such_account', `There is no account "${request.params.email}".`);
    return accountView(world, accounts.put(applyChanges(account, strictBody(changesSchema, request.body), now())));
  });
}

function applyChanges(account: Account, changes: Changes, now: number): Account {
  const { quota, revokeAccessTokens, ...rest } = changes;
  return {
    ...account,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    quota: quota ? { ...quota, since: now } : account.quota,
    accessTokenVersion: account.accessTokenVersion + (revokeAccessTokens ? 1 : 0),
  };
}

function accountView({ accounts, tasks, now }: World, account: Account): object {
  return {
    email: account.email,
    name: account.name,
    plan: account.plan,
    accessToken: accounts.currentAccessToken(account),
    sessionToken: sessionToken(account),
    refreshToken: refreshToken(account),
    sora2: account.sora2,
    username: account.username,
    quota: { ...account.quota, ...quotaState(account, tasks.ends(account.email), now()) },
    concurrencyLimit: account.concurrencyLimit,
    isInvalidated: account.isInvalidated,
    isCountryBlocked: account.isCountryBlocked,
    accessTokenSeconds: account.accessTokenSeconds,
    rotatesRefreshTokens: account.rotatesRefreshTokens,
    revokesFamilyOnReuse: account.revokesFamilyOnReuse,
    invites: { code: inviteCode(account), ...account.invites },
  };
}
