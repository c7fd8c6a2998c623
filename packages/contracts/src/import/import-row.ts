/** One account of an import, whatever form it came in. */
import { z } from 'zod';
import { proxyUrlSchema } from '../proxy-address.js';
import { toStorableText } from '../storable-text.js';
import { secretSchema } from '../tokens.js';

const secret = z
  .string()
  .transform((text) => text.trim() || undefined)
  .pipe(secretSchema(1).optional())
  .optional();
/** It is shown and stored as it is, which a token that came into the wrong column must never be. */
const text = z
  .string()
  .refine((given) => !/eyJ[\w-]{16,}\./.test(given), 'holds a token. Check that every value stands under its own name')
  .transform((given) => toStorableText(given).trim().slice(0, 256) || undefined)
  .optional();
/** sora2api writes 0 where it means −1: unlimited. */
const limit = z.coerce
  .number()
  .int()
  .max(10_000)
  .transform((given) => (given <= 0 ? -1 : given))
  .optional();
const flag = z
  .union([
    z.boolean(),
    z.stringbool({ truthy: ['true', '1', 'yes', 'on'], falsy: ['false', '0', 'no', 'off'] }),
    z.literal([0, 1]),
  ])
  .transform(Boolean)
  .optional();

export const importRowSchema = z.object({
  accessToken: secret,
  sessionToken: secret,
  refreshToken: secret,
  clientId: text,
  /** As the file says it; only the upstream and the access token itself are believed. */
  email: text,
  label: text,
  proxyUrl: proxyUrlSchema.optional(),
  isActive: flag,
  imageEnabled: flag,
  videoEnabled: flag,
  imageLimit: limit,
  videoLimit: limit,
  /** Of our own export. */
  provider: z.literal('sora').optional(),
  target: z.enum(['sora', 'simulator']).optional(),
  identity: text,
  plan: z
    .string()
    .transform((given) => given.toLowerCase().replace(/^chatgpt_/, ''))
    .pipe(z.enum(['free', 'plus', 'team', 'pro']))
    .optional()
    // Only a hint until the upstream is asked: an unknown one makes no row unusable.
    .catch(undefined),
  sora2: flag.catch(undefined),
  /** Why and by whom it is out of service; of use only where it is not active. */
  disabledReason: text,
  disabledBy: z.enum(['operator', 'automation']).optional().catch(undefined),
  weight: z.coerce.number().int().min(1).max(1_000).optional().catch(undefined),
  usedByPeople: flag.catch(undefined),
});
export type ImportRow = z.infer<typeof importRowSchema>;

const token = 'must be text of at most 16384 characters';
const number = 'must be a whole number of at most 10000; -1 is unlimited';
const yesOrNo = 'must be true or false';
/** What zod would say more clumsily. */
const allowed: Partial<Record<keyof ImportRow, string>> = {
  ...{ accessToken: token, sessionToken: token, refreshToken: token },
  ...{ imageLimit: number, videoLimit: number },
  ...{ isActive: yesOrNo, imageEnabled: yesOrNo, videoEnabled: yesOrNo },
  ...{ provider: 'must be "sora"', target: 'must be "sora" or "simulator"' },
};

/** Why a row cannot be used. Never quotes what it holds. */
export interface BadRow {
  problem: string;
}

/** The names of sora2api's export, of its forms and of our own API; compared without case, `_`, `-` and spaces. */
const names: Readonly<Record<keyof ImportRow, readonly string[]>> = {
  accessToken: ['access_token', 'token', 'at'],
  sessionToken: ['session_token', 'st'],
  refreshToken: ['refresh_token', 'rt'],
  clientId: ['client_id'],
  email: ['email', 'mail', 'e-mail', 'account'],
  label: ['label', 'remark', 'note'],
  proxyUrl: ['proxy_url', 'proxy'],
  isActive: ['is_active', 'active', 'enabled'],
  imageEnabled: ['image_enabled'],
  videoEnabled: ['video_enabled'],
  imageLimit: ['image_concurrency', 'image_limit'],
  videoLimit: ['video_concurrency', 'video_limit'],
  provider: ['provider'],
  target: ['target'],
  identity: ['identity'],
  plan: ['plan', 'plan_type'],
  sora2: ['sora2', 'sora2_supported'],
  disabledReason: ['disabled_reason'],
  disabledBy: ['disabled_by'],
  weight: ['weight'],
  usedByPeople: ['used_by_people'],
};

const fieldByName = new Map(
  Object.entries(names).flatMap(([field, spellings]) =>
    [field, ...spellings].map((spelling) => [plain(spelling), field as keyof ImportRow] as const),
  ),
);

export function fieldOf(name: string): keyof ImportRow | undefined {
  return fieldByName.get(plain(name));
}

/** An element of a JSON array, or the fields of a CSV row. Null and empty count as not given; unknown fields are left out. */
export function readImportRow(record: Readonly<Record<string, unknown>>): ImportRow | BadRow {
  const given: Partial<Record<keyof ImportRow, unknown>> = {};
  const spellings: Partial<Record<keyof ImportRow, string>> = {};
  for (const [name, value] of Object.entries(record)) {
    const field = fieldOf(name);
    if (field === undefined || value === null || value === '' || given[field] !== undefined) continue;
    given[field] = value;
    spellings[field] = name.trim();
  }
  const parsed = importRowSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path[0] as keyof ImportRow;
    const flaw = issue?.code === 'custom' ? issue.message.replace(/\.$/, '') : (allowed[field] ?? 'must be text');
    return { problem: `${spellings[field]}: ${flaw}.` };
  }
  const { accessToken, sessionToken, refreshToken } = parsed.data;
  if (!accessToken && !sessionToken && !refreshToken) {
    return { problem: 'The row has no token: give it an access_token, a session_token or a refresh_token.' };
  }
  return parsed.data;
}

export function isBadRow(row: ImportRow | BadRow): row is BadRow {
  return 'problem' in row;
}

function plain(name: string): string {
  return name.trim().toLowerCase().replace(/[-_ ]/g, '');
}
