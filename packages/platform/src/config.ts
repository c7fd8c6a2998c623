import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { checkKeyStrength } from './keys.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the environment, in one text. It never contains a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(['The configuration is not usable:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
  }
}

/**
 * Reads an app's settings from its environment. Any setting `X` may be given as `X_FILE`, the path of a file that holds it (as
 * Docker and Kubernetes mount secrets). An empty value counts as not set, because compose files pass empty ones on.
 */
export function readConfig<Schema extends z.ZodObject>(schema: Schema, env: Environment): z.output<Schema> {
  const problems: string[] = [];
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = readSetting(name, env, problems);
    if (value !== undefined) given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => describeIssue(issue, given)));
  if (!parsed.success || problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return parsed.data;
}

/** A secret of the installation: long enough and not one that everybody knows. */
export const secretSetting = (name: string) =>
  z.string().superRefine((value, context) => {
    const problem = checkKeyStrength(name, value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** Several of them, joined by commas or line ends. */
export const secretListSetting = (name: string) =>
  z
    .string()
    .default('')
    .transform((text) => text.split(/[,\n]/).flatMap((part) => part.trim() || []))
    .superRefine((values, context) => {
      for (const value of values) {
        const problem = checkKeyStrength(name, value);
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
      }
    });

/** Private places that users' URLs may lead to all the same: host:port, joined by commas. */
export const placesSetting = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((place) => place.trim() || []))
  .pipe(z.array(z.string().regex(/^([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i, 'must be host:port, joined by commas')));

export const portSetting = (fallback: number) => z.coerce.number().int().min(0).max(65535).default(fallback);

/** What all apps share. */
export const commonSettings = {
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must look like postgresql://user@host:5432/name' }),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must look like redis://host:6379' }),
  ...logSettings(),
};

/** For an app that needs neither database nor Redis. */
export function logSettings() {
  return {
    LOG_FORMAT: z.enum(['text', 'json']).default('text'),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    REELAY_COMMIT: z.string().optional(),
  };
}

function readSetting(name: string, env: Environment, problems: string[]): string | undefined {
  const direct = env[name] || undefined;
  const path = env[`${name}_FILE`] || undefined;
  if (path === undefined) return direct;
  if (direct !== undefined) {
    problems.push(`${name} and ${name}_FILE are both set: keep one of them`);
    return direct;
  }
  try {
    // Editors and `echo` end a file with a newline that is no part of the secret.
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '') || undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push(`${name}_FILE names a file that cannot be read (${code}): check the path and its permissions`);
    return undefined;
  }
}

function describeIssue(issue: z.core.$ZodIssue, given: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0] ?? 'settings');
  if (issue.path.length > 0 && given[name] === undefined) return `${name} is missing: set ${name} or ${name}_FILE`;
  let text = issue.message;
  for (const value of Object.values(given)) if (value.length > 3) text = text.replaceAll(value, '…');
  return text.startsWith(name) ? text : `${name}: ${text}`;
}
