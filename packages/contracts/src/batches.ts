/**
 * Work over many accounts that outlives the request which asked for it: bodies of `/api/admin/batches`, and what is shown of a batch.
 * Answers never contain a secret, only the last four characters of one.
 */
import { z } from 'zod';
import { proxyUrlSchema } from './proxy-address.js';
import { toStorableText } from './storable-text.js';
import { tokenFilterSchema } from './token-list.js';
import { tokenWeightSchema } from './tokens.js';

export const batchKinds = [
  'import',
  'test',
  'refresh',
  'enable',
  'disable',
  'delete',
  'set_proxy',
  'set_limits',
] as const;
export type BatchKind = (typeof batchKinds)[number];
export type TokenBatchKind = Exclude<BatchKind, 'import'>;

/**
 * - `receiving`: rows are still coming in, nothing is done yet.
 * - `running`: rows are worked off.
 * - `done`: every row has its verdict.
 * - `cancelled`: a person stopped it; rows without a verdict stay without one.
 * - `failed`: the upload broke off, nothing was done.
 */
export const batchStates = ['receiving', 'running', 'done', 'cancelled', 'failed'] as const;
export type BatchState = (typeof batchStates)[number];

/**
 * - `would_add`, `would_update`: of a dry run, which also says `unchanged` and `invalid`.
 * - `added`, `updated`, `unchanged`: of an import; the account is in the pool.
 * - `done`: the work on this account was done.
 * - `invalid`: the row can never be used as it is; the message says why.
 * - `failed`: it could not be done now; the message says why.
 */
export const batchVerdicts = [
  'would_add',
  'would_update',
  'added',
  'updated',
  'unchanged',
  'done',
  'invalid',
  'failed',
] as const;
export type BatchVerdict = (typeof batchVerdicts)[number];

/** What of an import must not be done again; counted as failed. */
export const failedVerdicts: readonly BatchVerdict[] = ['invalid', 'failed'];

export const importModes = ['auto', 'offline', 'access', 'session', 'refresh'] as const;
export type ImportMode = (typeof importModes)[number];

/** sora2api's names of the modes are understood too. */
const modeAliases: Readonly<Record<string, ImportMode>> = { at: 'access', st: 'session', rt: 'refresh' };

const limit = z.number().int().min(-1).max(10_000);
const limitText = z.coerce.number().int().min(-1).max(10_000);

/**
 * Query of the import route. What a row says itself comes before what is said here. Strict: with a misspelt `dryRun` what was to be
 * looked at only would be done.
 */
export const importQuerySchema = z.strictObject({
  mode: z
    .string()
    .default('auto')
    .transform((mode) => modeAliases[mode] ?? mode)
    .pipe(z.enum(importModes)),
  dryRun: z
    .enum(['1', '0', 'true', 'false'])
    .default('0')
    .transform((text) => text === '1' || text === 'true'),
  provider: z.literal('sora').default('sora'),
  target: z.enum(['sora', 'simulator']).default('sora'),
  /** OAuth client of refresh tokens. */
  clientId: z
    .string()
    .max(256)
    .refine((text) => toStorableText(text) === text, 'contains a character that is no text')
    .optional(),
  imageLimit: limitText.optional(),
  videoLimit: limitText.optional(),
});
export type ImportQuery = z.infer<typeof importQuerySchema>;

/** Chosen accounts, or those of a filter as they are when the batch is made; `{}` is every account. */
const choice = {
  tokenIds: z.array(z.string().min(1).max(64)).min(1).max(10_000).optional(),
  filter: tokenFilterSchema.optional(),
};

const setLimits = {
  imageLimit: limit.optional(),
  videoLimit: limit.optional(),
  imageEnabled: z.boolean().optional(),
  videoEnabled: z.boolean().optional(),
  weight: tokenWeightSchema.optional(),
};

/** Strict, because a misspelt name would change nothing and say that all is well. */
export const createBatchSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.enum(['test', 'refresh', 'enable', 'delete']), ...choice }),
    z.strictObject({ kind: z.literal('disable'), reason: z.string().max(500).optional(), ...choice }),
    /** Null removes the account's own proxy. */
    z.strictObject({ kind: z.literal('set_proxy'), proxyUrl: proxyUrlSchema.nullable(), ...choice }),
    z.strictObject({ kind: z.literal('set_limits'), ...setLimits, ...choice }),
  ])
  .superRefine((batch, context) => {
    if ((batch.tokenIds === undefined) === (batch.filter === undefined)) {
      const message = 'Name the accounts either by tokenIds or by a filter ({} is all of them)';
      context.addIssue({ code: 'custom', path: ['tokenIds'], message });
    }
    if (batch.kind === 'set_limits' && !Object.keys(setLimits).some((name) => name in batch)) {
      const message = `Say what to set: ${Object.keys(setLimits).join(', ')}`;
      context.addIssue({ code: 'custom', path: ['videoLimit'], message });
    }
  });
export type CreateBatch = z.infer<typeof createBatchSchema>;

/** What a batch was asked for, beside its rows. No secret: those are sealed on their own. */
export const batchOptionsSchema = z.object({
  mode: z.enum(importModes).optional(),
  dryRun: z.boolean().optional(),
  provider: z.string().optional(),
  target: z.string().optional(),
  clientId: z.string().optional(),
  reason: z.string().optional(),
  imageLimit: limit.optional(),
  videoLimit: limit.optional(),
  imageEnabled: z.boolean().optional(),
  videoEnabled: z.boolean().optional(),
  weight: z.number().int().optional(),
});
export type BatchOptions = z.infer<typeof batchOptionsSchema>;

export const batchViewSchema = z.object({
  id: z.string(),
  kind: z.enum(batchKinds),
  state: z.enum(batchStates),
  /** Why it failed. */
  error: z.string().nullable(),
  options: batchOptionsSchema,
  total: z.number().int(),
  /** Rows with a verdict, the failed ones among them. */
  done: z.number().int(),
  failed: z.number().int(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type BatchView = z.infer<typeof batchViewSchema>;

export const batchRowViewSchema = z.object({
  /** Position in the file or in the choice, from 1. */
  n: z.number().int(),
  tokenId: z.string().nullable(),
  /** The account as people know it, where the row says so. */
  label: z.string().nullable(),
  /** Last four characters of the secret the row brought. */
  hint: z.string().nullable(),
  /** Null until it is done. */
  verdict: z.enum(batchVerdicts).nullable(),
  /** What was found or why it failed; of a row without a verdict, why it is tried once more. */
  message: z.string().nullable(),
  /** Times it failed for a passing reason and was put off. */
  retries: z.number().int(),
});
export type BatchRowView = z.infer<typeof batchRowViewSchema>;

export const batchRowsQuerySchema = z.strictObject({
  /** Rows behind this `n`. */
  after: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  verdict: z.enum(batchVerdicts).optional(),
});
export type BatchRowsQuery = z.infer<typeof batchRowsQuerySchema>;

export const batchPageSchema = batchViewSchema.extend({
  /** How many rows have each verdict. */
  verdicts: z.partialRecord(z.enum(batchVerdicts), z.number().int()),
  rows: z.array(batchRowViewSchema),
  /** Hand it over as `after` to read on; null at the end. */
  next: z.number().int().nullable(),
});
export type BatchPage = z.infer<typeof batchPageSchema>;

export const batchListQuerySchema = z.strictObject({
  /** The `next` of the page before. */
  after: z
    .string()
    .regex(/^\w{1,64}$/, 'is not the `next` of a page')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type BatchListQuery = z.infer<typeof batchListQuerySchema>;

export const batchListSchema = z.object({
  /** Newest first. */
  data: z.array(batchViewSchema),
  /** Hand it over as `after` for older ones; null when there are none. */
  next: z.string().nullable(),
});
export type BatchList = z.infer<typeof batchListSchema>;
