/** Bodies of the token-manager's internal API and of the admin routes passed on to it. Answers never contain a secret. */
import { z } from 'zod';
import { proxyUrlSchema } from './proxy-address.js';
import { tokenStateSchema } from './token-history.js';

const limit = z.number().int().min(-1).max(10_000);

export const addTokenSchema = z.object({
  provider: z.literal('sora').default('sora'),
  /** Which upstream the account lives on. */
  target: z.enum(['sora', 'simulator']).default('sora'),
  accessToken: z.string().min(16).max(16_384),
  sessionToken: z.string().min(1).max(16_384).optional(),
  refreshToken: z.string().min(1).max(16_384).optional(),
  clientId: z.string().max(256).optional(),
  label: z.string().max(256).optional(),
  /** `http://`, `https://`, `socks5://` or `socks5h://` with optional user and password; kept sealed. */
  proxyUrl: proxyUrlSchema.optional(),
  /** Tasks at once; −1 is unlimited. Left out: 1 image and 3 videos for a new account, unchanged for a known one. */
  imageLimit: limit.optional(),
  videoLimit: limit.optional(),
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
  remaining: z.number().int().nullable(),
  imageLimit: z.number().int(),
  videoLimit: z.number().int(),
  usedSlots: z.number().int(),
  videoCoolingUntil: z.string().nullable(),
  imageCoolingUntil: z.string().nullable(),
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
