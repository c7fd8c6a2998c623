import { AppError } from '@reelay/contracts/errors';
import { type ApiKeyIdentity, findApiKey, noteApiKeyUse } from '@reelay/db/api-keys/find-api-key';
import type { Database } from '@reelay/db/client';
import { apiKeyHash } from '@reelay/platform/keys';
import type { Logger } from '@reelay/platform/logger';

export interface ApiKeyAuthenticatorOptions {
  database: Database;
  webKey: string;
  log: Logger;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** How long a revoked key may still work. From the half of it on it is looked up again while it goes on working. */
const cacheMs = 5_000;
const noteUseEveryMs = 60_000;
const mostCached = 10_000;

/** Says whose key it is. Keys are looked up, and remembered for seconds, by their full MAC; a key itself is never kept. */
export class ApiKeyAuthenticator {
  readonly #options: ApiKeyAuthenticatorOptions;
  readonly #now: () => number;
  readonly #hash: (apiKey: string) => string;
  readonly #known = new Map<string, { identity: ApiKeyIdentity; until: number }>();
  readonly #lookUps = new Map<string, Promise<ApiKeyIdentity | undefined>>();
  readonly #notedAt = new Map<string, number>();

  constructor(options: ApiKeyAuthenticatorOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#hash = apiKeyHash(options.webKey);
  }

  /** @throws AppError `invalid_api_key` */
  async authenticate(authorization: string | undefined): Promise<ApiKeyIdentity> {
    const macHex = this.#hash(bearerOf(authorization));
    const identity = this.#remembered(macHex) ?? (await this.#lookUp(macHex));
    if (!identity) {
      throw new AppError('invalid_api_key', 'This API key is not valid: check it, or ask the operator for a new one.');
    }
    this.#noteUse(identity.apiKeyId);
    return identity;
  }

  /** Whose it was when it was last looked up, without looking; '' for all that nobody knows. */
  lineOf(authorization: string | undefined): string {
    const key = keyIn(authorization);
    return (key !== undefined && this.#known.get(this.#hash(key))?.identity.apiKeyId) || '';
  }

  #remembered(macHex: string): ApiKeyIdentity | undefined {
    const entry = this.#known.get(macHex);
    if (entry === undefined || entry.until <= this.#now()) return undefined;
    // What cannot be looked up now will fail for who has to wait for it.
    if (entry.until - this.#now() < cacheMs / 2) this.#lookUp(macHex).catch(() => {});
    return entry.identity;
  }

  /** Once for all who ask in the meantime. */
  #lookUp(macHex: string): Promise<ApiKeyIdentity | undefined> {
    const underway = this.#lookUps.get(macHex);
    if (underway) return underway;
    const lookUp = this.#find(macHex).finally(() => this.#lookUps.delete(macHex));
    this.#lookUps.set(macHex, lookUp);
    return lookUp;
  }

  async #find(macHex: string): Promise<ApiKeyIdentity | undefined> {
    const askedAt = this.#now();
    const identity = await findApiKey(this.#options.database, macHex);
    this.#known.delete(macHex);
    if (!identity) return undefined;
    if (this.#known.size >= mostCached) this.#known.clear();
    this.#known.set(macHex, { identity, until: askedAt + cacheMs });
    return identity;
  }

  #noteUse(apiKeyId: string): void {
    const now = this.#now();
    if (now - (this.#notedAt.get(apiKeyId) ?? Number.NEGATIVE_INFINITY) < noteUseEveryMs) return;
    this.#notedAt.set(apiKeyId, now);
    // Nobody waits for this, and a lost minute harms nobody.
    noteApiKeyUse(this.#options.database, apiKeyId).catch((error: unknown) =>
      this.#options.log.debug({ error, apiKeyId }, 'use of the key not noted'),
    );
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function keyIn(authorization: string | undefined): string | undefined {
  const [, key] = /^Bearer +(\S(?:.{0,4094}\S)?) *$/i.exec(authorization ?? '') ?? [];
  return key === undefined ? undefined : textOf(key);
}

/** A header is bytes, one to a character here. Programs send text in it as UTF-8, or what fits as Latin-1. */
function textOf(header: string): string {
  if (/^[ -~]*$/.test(header)) return header;
  try {
    return utf8.decode(Buffer.from(header, 'latin1')).normalize();
  } catch {
    return header.normalize();
  }
}

/** @throws AppError `invalid_api_key` */
export function bearerOf(authorization: string | undefined): string {
  const key = keyIn(authorization);
  if (key !== undefined) return key;
  throw new AppError(
    'invalid_api_key',
    authorization === undefined
      ? 'No API key was sent: add the header "Authorization: Bearer <key>".'
      : 'The Authorization header is not of the form "Bearer <key>".',
  );
}
