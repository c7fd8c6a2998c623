/** Clients' keys as an operator makes, limits and reads them. Only the answer that made a key contains it. */
import { z } from 'zod';
import { isModelOrName } from './allowed-models.js';
import { generationKinds } from './domain.js';
import { toStorableText } from './storable-text.js';

const text = z.string().refine((given) => toStorableText(given) === given, 'contains a character that is no text');
const name = text.trim().min(1).max(200);
const ownerId = z.string().regex(/^[\w.@:-]{1,100}$/, 'may have up to 100 letters, digits and . _ - @ :');

const allowedModels = z
  .array(
    z
      .string()
      .max(100)
      .refine((id) => isModelOrName(id), 'is no model of GET /v1/models'),
  )
  .min(1, 'names no model; null allows all')
  .max(200);
const allowedKinds = z
  .array(z.enum(generationKinds))
  .min(1, 'names no kind; null allows all')
  .max(generationKinds.length);

const most = z.number().int().min(1).max(1_000_000);
const quotaSchema = z.strictObject(
  Object.fromEntries(
    generationKinds.map((kind) => [kind, z.number().int().min(0).max(1_000_000_000).optional()]),
  ) as Record<(typeof generationKinds)[number], z.ZodOptional<z.ZodNumber>>,
);
/** Generations by kind; a kind that is missing has none. */
export type Quota = z.infer<typeof quotaSchema>;

const limitFields = {
  /** Ids of `GET /v1/models`; one of OpenAI's names stands for all it may be made with. Null allows all. */
  allowedModels: allowedModels.nullable(),
  allowedKinds: allowedKinds.nullable(),
  /** Requests of all kinds, in one minute and over all gateways. Null: the setting `rate.requestsPerMinute`. */
  requestsPerMinute: most.nullable(),
  /** Generations that are worked on at once; the others wait. */
  concurrentLimit: most.nullable(),
  /** Generations that have not ended, those that wait included. Null: the setting `admission.openPerKey`. */
  queuedLimit: most.nullable(),
  dailyQuota: quotaSchema.nullable(),
  monthlyQuota: quotaSchema.nullable(),
  /** The higher goes first, over all keys; 0 is usual. */
  priority: z.number().int().min(-100).max(100),
};

/** ISO 8601 with an offset. Not every moment that can be written so is one to a database. */
const moment = z.iso
  .datetime({ offset: true })
  .refine((given) => Date.parse(given) >= Date.UTC(2000, 0), 'lies before the year 2000');

const changeableFields = { name, expiresAt: moment.nullable(), ...limitFields };

export const createApiKeySchema = z.strictObject({
  ...z.object(changeableFields).partial().shape,
  name,
  /** Keys of one owner see the same generations and files. A new one is made where it does not exist; left out, the key is its own. */
  ownerId: ownerId.optional(),
  /** A key that clients have already. Left out, one is made. */
  key: z
    .string()
    .trim()
    .normalize()
    .min(16, 'has fewer than 16 characters')
    .max(1_024)
    .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'may not have line breaks or other control characters')
    .optional(),
});
export type CreateApiKey = z.infer<typeof createApiKeySchema>;

/** What is left out stays; null takes a limit away. */
export const changeApiKeySchema = z.strictObject({
  ...z.object(changeableFields).partial().shape,
  /** True lets nobody in with it any more, false lets them in again. */
  revoked: z.boolean().optional(),
});
export type ChangeApiKey = z.infer<typeof changeApiKeySchema>;

export const apiKeyStates = ['active', 'expired', 'revoked'] as const;

export const apiKeyViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  ownerId: z.string(),
  /** First characters, by which people tell keys apart. */
  prefix: z.string(),
  state: z.enum(apiKeyStates),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  /** To the minute. */
  lastUsedAt: z.string().nullable(),
  ...limitFields,
  // As it was when the key was made: the catalogue may have changed.
  allowedModels: z.array(z.string()).nullable(),
});
export type ApiKeyView = z.infer<typeof apiKeyViewSchema>;

export const createdApiKeySchema = apiKeyViewSchema.extend({
  /** The key itself, this once; missing where you sent it. */
  key: z.string().optional(),
});
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>;

export const apiKeyListQuerySchema = z.strictObject({
  ownerId: ownerId.optional(),
  state: z.enum(apiKeyStates).optional(),
  /** The `next` of the page before. */
  after: text.min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ApiKeyListQuery = z.infer<typeof apiKeyListQuerySchema>;

export const apiKeyListSchema = z.object({
  /** Newest first. */
  data: z.array(apiKeyViewSchema),
  /** Hand it over as `after` for older ones; null when there are none. */
  next: z.string().nullable(),
});
export type ApiKeyList = z.infer<typeof apiKeyListSchema>;

export const deletedApiKeySchema = z.object({ id: z.string(), deleted: z.literal(true) });
