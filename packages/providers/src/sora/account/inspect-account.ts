import type { AccountContext, AccountInspection, UpstreamRequest } from '@reelay/contracts/provider';
import { UpstreamError } from '@reelay/contracts/upstream-error';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { bareHeaders, quotaHeaders } from '../calls/headers.js';
import { readAccessToken } from './access-token.js';
import { claimUsername } from './claim-username.js';
import { probeSora2 } from './probe-sora2.js';
import { readMe } from './read-me.js';
import { tolerate } from './tolerate.js';

const subscriptionsSchema = z.object({
  data: z
    .array(
      z.object({
        plan: z.object({ id: z.string().nullish() }).nullish(),
        end_ts: z.string().nullish().catch(null),
      }),
    )
    .nullish(),
});
const quotaSchema = z.object({
  rate_limit_and_credit_balance: z.object({
    estimated_num_videos_remaining: z.number().nullish(),
    rate_limit_reached: z.boolean().nullish(),
    access_resets_in_seconds: z.number().nullish(),
  }),
});

const plans: Readonly<Record<string, NonNullable<AccountInspection['plan']>>> = {
  chatgpt_free: 'free',
  chatgpt_plus: 'plus',
  chatgpt_team: 'team',
  chatgpt_pro: 'pro',
};

/** Who the account is, then what it may do; a question that is not answered leaves its field null. @throws UpstreamError */
export async function inspectAccount(context: AccountContext): Promise<AccountInspection> {
  const claims = readAccessToken(context.credential.accessToken);
  const me = await readMe(context);
  const email = me.email ?? claims.email;
  // The token's own name goes first, so that the account is known by the same one before anybody was asked.
  const identity = (claims.email ?? email)?.toLowerCase();
  if (!email || !identity) throw anonymous();
  const subscription = await tolerate(readSubscription(context), noSubscription);
  const sora2 = await probeSora2(context);
  const quota = sora2 === false ? unknownQuota : await tolerate(readQuota(context), unknownQuota);
  const username = me.username ?? (mayClaim(context, sora2) ? await claimUsername(context) : undefined);
  return {
    identity,
    label: me.name ? `${me.name} <${email}>` : email,
    ...subscription,
    sora2,
    ...quota,
    username: username ?? null,
    expiresAt: claims.expiresAt,
  };
}

type Quota = Pick<AccountInspection, 'remaining' | 'resetsAt'>;
const unknownQuota: Quota = { remaining: null, resetsAt: null };

/** An account that has no Sora 2 has no use for a name there. */
function mayClaim({ settings }: AccountContext, sora2: boolean | null): boolean {
  return settings.claimUsername === 1 && sora2 === true;
}

function anonymous(): UpstreamError {
  return new UpstreamError({
    code: 'upstream_refused',
    message:
      'Neither the upstream nor the access token says whose account this is. Add it with an access token of a signed-in person.',
    submitClass: 'refused',
    fault: 'token',
  });
}

type Subscription = Pick<AccountInspection, 'plan' | 'subscriptionEndsAt'>;
const noSubscription: Subscription = { plan: null, subscriptionEndsAt: null };

async function readSubscription(context: AccountContext): Promise<Subscription> {
  const url = `${context.target.urls.backend}/billing/subscriptions`;
  const { data } = await callJson(
    context,
    { kind: 'call', name: 'GET billing/subscriptions' },
    { method: 'GET', url, headers: bareHeaders(context) },
    subscriptionsSchema,
  );
  const [subscription] = data ?? [];
  const endsAt = Date.parse(subscription?.end_ts ?? '');
  return {
    plan: plans[subscription?.plan?.id ?? ''] ?? null,
    subscriptionEndsAt: Number.isNaN(endsAt) ? null : endsAt,
  };
}

async function readQuota(context: AccountContext): Promise<Quota> {
  const url = `${context.target.urls.backend}/nf/check`;
  const request: UpstreamRequest = { method: 'GET', url, headers: quotaHeaders(context) };
  const { rate_limit_and_credit_balance: balance } = await callJson(
    context,
    { kind: 'call', name: 'GET nf/check' },
    request,
    quotaSchema,
  );
  const videos = balance.estimated_num_videos_remaining ?? (balance.rate_limit_reached ? 0 : null);
  const resetsIn = balance.access_resets_in_seconds ?? 0;
  return {
    remaining: videos === null ? null : Math.min(mostVideos, Math.max(0, Math.floor(videos))),
    resetsAt: resetsIn <= 0 || resetsIn > longestResetSeconds ? null : context.now() + Math.round(resetsIn * 1_000),
  };
}

/** "Unlimited" may be said by any large number; what is stored is an integer of the database. */
const mostVideos = 2_147_483_647;
const longestResetSeconds = 366 * 86_400;
