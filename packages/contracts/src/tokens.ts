/** Bodies of the token-manager's internal API and of the admin routes passed on to it. Answers never contain a secret. */
import { z } from 'zod';
import { proxyUrlSchema } from './proxy-address.js';
import { tokenStateSchema } from './token-history.js';

/** Tasks at once; −1 is unlimited. */
export const slotLimitSchema = z.number().int().min(-1).max(10_000);
/** Share of the work under the strategy "weighted", beside others. */
export const tokenWeightSchema = z.number().int().min(1).max(1_000);
/** OAuth client that refresh tokens were issued to. No secret. */
export const clientIdSchema = z.string().trim().max(256);
export const tokenLabelSchema = z.string().trim().max(256);

/** As people copy it: spaces around it and a leading `Bearer` are dropped; in the middle they mean that it was cut or wrapped. */
export function secretSchema(shortest: number) {
  return z
    .string()
    .overwrite((text) => text.trim().replace(/^Bearer\s+/i, ''))
    .min(shortest)
    .max(16_384)
    .refine((text) => !/\s/.test(text), 'has spaces or line breaks inside. Copy it whole and join its lines')
    .refine(
      (text) => /^[\x21-\x7e\s]*$/.test(text),
      'has characters that no token has, as a word processor or a chat may put in. Copy it from its source again',
    );
}

export const addTokenSchema = z.object({
  provider: z.literal('sora').default('sora'),
  /** Which upstream the account lives on. */
  target: z.enum(['sora', 'simulator']).default('sora'),
  accessToken: secretSchema(16),
  sessionToken: secretSchema(1).optional(),
  refreshToken: secretSchema(1).optional(),
  clientId: clientIdSchema.optional(),
  label: tokenLabelSchema.optional(),
  /** `http://`, `https://`, `socks5://` or `socks5h://` with optional user and password; kept sealed. */
  proxyUrl: proxyUrlSchema.optional(),
  /** Tasks at once; −1 is unlimited. Left out: 1 image and 3 videos for a new account, unchanged for a known one. */
  imageLimit: slotLimitSchema.optional(),
  videoLimit: slotLimitSchema.optional(),
});
export type AddToken = z.infer<typeof addTokenSchema>;

export const tokenViewSchema = z.object({
  id: z.string(),
  provider: z.string(),
  target: z.string(),
  label: z.string(),
  /** Last four characters of the access token. */
  accessTokenHint: z.string(),
  plan: z.string().nullable(),
  sora2: z.boolean().nullable(),
  /** `state`, `stateReason`, `disabledBy`, and per kind of work whether it rests, until when and why. */
  ...tokenStateSchema.shape,
  /** Videos left as the upstream last said, and when it counts anew; null when unknown. */
  remaining: z.number().int().nullable(),
  resetsAt: z.string().nullable(),
  /** Tasks at once; −1 is unlimited. */
  imageLimit: z.number().int(),
  videoLimit: z.number().int(),
  /** Tasks that hold a slot now, of both kinds together and of each. */
  usedSlots: z.number().int(),
  usedImageSlots: z.number().int(),
  usedVideoSlots: z.number().int(),
  imageEnabled: z.boolean(),
  videoEnabled: z.boolean(),
  /** For the strategy "weighted". */
  weight: z.number().int(),
  /** Unknown tasks on its lists may be theirs. */
  usedByPeople: z.boolean(),
  videoCoolingUntil: z.string().nullable(),
  imageCoolingUntil: z.string().nullable(),
  /** Of the access token; null when it does not say. */
  expiresAt: z.string().nullable(),
  createdAt: z.string(),
});
export type TokenView = z.infer<typeof tokenViewSchema>;

export const addedTokenSchema = tokenViewSchema.extend({
  /** False when the account was known already and only its credential was replaced. */
  created: z.boolean(),
  /** False when the upstream could not be asked now; it is asked again later. */
  inspected: z.boolean(),
});
export type AddedToken = z.infer<typeof addedTokenSchema>;

export const credentialRequestSchema = z.object({
  /** The version the upstream refused, so that concurrent refusals refresh once. */
  staleVersion: z.number().int().optional(),
  /** The attempt the credential is for: it keeps the proxy that it began with. */
  attemptId: z.string().max(64).optional(),
});
export type CredentialRequest = z.infer<typeof credentialRequestSchema>;

export const credentialViewSchema = z.object({
  accessToken: z.string(),
  version: z.number().int(),
  /** Unix ms. */
  expiresAt: z.number().nullable(),
  target: z.string(),
  /** The attempt's; where none was named, the account's own, else the installation's. Null: directly. */
  proxyUrl: z.string().nullable(),
  /** For uploads; without it they go the same way as everything else. */
  uploadProxyUrl: z.string().nullable().optional(),
});
export type CredentialView = z.infer<typeof credentialViewSchema>;
