/** One account as an operator reads, changes, tests and refreshes it. Answers never contain a secret. */
import { z } from 'zod';
import { proxyUrlSchema } from './proxy-address.js';
import { clientIdSchema, slotLimitSchema, tokenLabelSchema, tokenViewSchema, tokenWeightSchema } from './tokens.js';

export const tokenDetailsSchema = tokenViewSchema.extend({
  /** What its upstream calls the account; two credentials with the same one are the same account. */
  identity: z.string(),
  /** The account's handle upstream, as far as the upstream has said. */
  username: z.string().nullable(),
  subscriptionEndsAt: z.string().nullable(),
  clientId: z.string().nullable(),
  /** What the access token can be renewed with. */
  hasSessionToken: z.boolean(),
  hasRefreshToken: z.boolean(),
  /** Raised by every new credential. */
  credentialVersion: z.number().int(),
  /** The account's own proxy, `socks5://***@host:1080`; an address of null cannot be opened: set it again. Null: it has none. */
  proxy: z.object({ address: z.string().nullable() }).nullable(),
  /** When the upstream was last asked about it. */
  inspectedAt: z.string().nullable(),
  /** When its credential is renewed by itself; null when it never ends, or nothing is stored to renew it with. */
  refreshDueAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  /** What needs a person's eye although the account works. */
  warnings: z.array(z.string()),
  /** The last thing that went wrong through the account, as its history tells. */
  lastError: z.object({ at: z.string(), type: z.string(), reason: z.string() }).nullable(),
});
export type TokenDetails = z.infer<typeof tokenDetailsSchema>;

/** What is left out stays. Strict, because a misspelt name would change nothing and say that all is well. */
export const changeTokenSchema = z
  .strictObject({
    label: tokenLabelSchema.min(1).optional(),
    imageLimit: slotLimitSchema.optional(),
    videoLimit: slotLimitSchema.optional(),
    imageEnabled: z.boolean().optional(),
    videoEnabled: z.boolean().optional(),
    weight: tokenWeightSchema.optional(),
    /** Null removes the account's own proxy. Work that has begun keeps the one it began with. */
    proxyUrl: proxyUrlSchema.nullable().optional(),
    usedByPeople: z.boolean().optional(),
    /** Null: the provider's own default. */
    clientId: clientIdSchema.min(1).nullable().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    path: ['label'],
    message: 'Say what to change, for example {"videoLimit": 2}',
  });
export type ChangeToken = z.infer<typeof changeTokenSchema>;

/** A test that finds a broken account is a test that was done: the answer is 200 and says what is wrong. */
export const testedTokenSchema = z.object({
  works: z.boolean(),
  /** A code of the error registry; null when it works. */
  code: z.string().nullable(),
  message: z.string(),
  /** The account as it is now. */
  token: tokenDetailsSchema,
});
export type TestedToken = z.infer<typeof testedTokenSchema>;

export const refreshedTokenSchema = z.object({
  /** False: nothing has changed, and the message says why. */
  refreshed: z.boolean(),
  message: z.string(),
  /** The account as it is now. */
  token: tokenDetailsSchema,
});
export type RefreshedToken = z.infer<typeof refreshedTokenSchema>;
