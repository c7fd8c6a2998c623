/** Access tokens from the token-manager's internal API, kept in memory only and never written down. */
import { AppError, type ErrorCode, isAppError, isErrorCode } from '@reelay/contracts/errors';
import { type CredentialRequest, type CredentialView, credentialViewSchema } from '@reelay/contracts/tokens';
import type { HttpClient } from '@reelay/platform/http-client';

/** The way out that an attempt began with and keeps, whatever proxy the token gets meanwhile. */
export interface AttemptRoute {
  attemptId: string;
  /** Equal for attempts of the token that leave through the same proxy. */
  key: string;
}

export interface CredentialSource {
  /** @throws AppError `credential_unavailable`: nothing can be done with the token now; it counts against nobody. */
  get(tokenId: string, route?: AttemptRoute): Promise<CredentialView>;
  /** After the upstream refused this version; many at once lead to one refresh. @throws AppError `credential_unavailable` */
  renew(tokenId: string, staleVersion: number, route?: AttemptRoute): Promise<CredentialView>;
}

export interface CredentialClientOptions {
  readonly tokenManagerUrl: string;
  readonly internalKey: string;
  readonly http: Pick<HttpClient, 'request'>;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** A token this close to its end is asked for anew, so that it does not end on the way. */
const expiryMarginMs = 30_000;
/** After this time the answer is asked for again (a proxy may have changed), but still used when nobody answers. */
const freshMs = 30_000;
/** A refresh upstream may stand behind an answer. */
const timeoutMs = 20_000;

interface Cached {
  readonly view: CredentialView;
  readonly readAt: number;
}

export class CredentialClient implements CredentialSource {
  readonly #options: CredentialClientOptions;
  readonly #now: () => number;
  /** By token, then by the key of the route; '' is for calls of no attempt. */
  readonly #cache = new Map<string, Map<string, Cached>>();
  readonly #asking = new Map<string, Promise<CredentialView>>();

  constructor(options: CredentialClientOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async get(tokenId: string, route?: AttemptRoute): Promise<CredentialView> {
    const cached = this.#findUsable(tokenId, route);
    if (cached && this.#now() - cached.readAt < freshMs) return cached.view;
    try {
      return await this.#askOnce(tokenId, undefined, route);
    } catch (error) {
      // The token-manager may be restarting; what it gave is good until it expires. A clear "no" is not an absence.
      if (cached && !isRefusal(error)) return cached.view;
      throw error;
    }
  }

  async renew(tokenId: string, staleVersion: number, route?: AttemptRoute): Promise<CredentialView> {
    const cached = this.#findUsable(tokenId, route);
    if (cached && cached.view.version > staleVersion) return cached.view;
    // It is refused whichever way it leaves by.
    this.#drop(tokenId, ({ view }) => view.version <= staleVersion);
    return this.#askOnce(tokenId, staleVersion, route);
  }

  #findUsable(tokenId: string, route: AttemptRoute | undefined): Cached | undefined {
    const cached = this.#cache.get(tokenId)?.get(route?.key ?? '');
    return cached && !this.#isOver(cached) ? cached : undefined;
  }

  #isOver({ view: { expiresAt } }: Cached): boolean {
    return expiresAt !== null && expiresAt - expiryMarginMs <= this.#now();
  }

  #drop(tokenId: string, isMeant: (cached: Cached) => boolean): void {
    const routes = this.#cache.get(tokenId);
    for (const [key, cached] of routes ?? []) if (isMeant(cached)) routes?.delete(key);
  }

  #askOnce(tokenId: string, staleVersion?: number, route?: AttemptRoute): Promise<CredentialView> {
    const key = JSON.stringify([tokenId, staleVersion, route?.key]);
    const asking = this.#asking.get(key);
    if (asking) return asking;
    const asked = this.#ask(tokenId, staleVersion, route).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  async #ask(tokenId: string, staleVersion?: number, route?: AttemptRoute): Promise<CredentialView> {
    const { tokenManagerUrl, internalKey, http } = this.#options;
    const url = `${tokenManagerUrl.replace(/\/+$/, '')}/internal/tokens/${encodeURIComponent(tokenId)}/credential`;
    const headers = { authorization: `Bearer ${internalKey}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ staleVersion, attemptId: route?.attemptId } satisfies CredentialRequest);
    const answer = await http.request({ method: 'POST', url, headers, body, timeoutMs }).catch((cause: unknown) => {
      throw unavailable('The token-manager could not be reached for a credential.', { cause });
    });
    if (answer.status !== 200 && answer.status !== 201) throw refusalOf(answer.status, answer.text);
    const view = credentialViewSchema.safeParse(parseJson(answer.text));
    if (!view.success) throw unavailable('The token-manager answered with something that is no credential.');
    this.#keep(tokenId, route, { view: view.data, readAt: this.#now() });
    return view.data;
  }

  #keep(tokenId: string, route: AttemptRoute | undefined, cached: Cached): void {
    // An older version would only be refused; with it go the ways that nobody leaves by any more.
    this.#drop(tokenId, (known) => this.#isOver(known) || known.view.version < cached.view.version);
    const routes = this.#cache.get(tokenId) ?? new Map<string, Cached>();
    this.#cache.set(tokenId, routes.set(route?.key ?? '', cached));
  }
}

/** Codes by which the token-manager says that this account has nothing to give; anything else may be a passing state. */
const refusals: ReadonlySet<ErrorCode> = new Set(['credential_unavailable', 'not_found']);

function refusalOf(status: number, text: string): AppError {
  const code = (parseJson(text) as { error?: { code?: unknown } } | undefined)?.error?.code;
  const isClear = isErrorCode(code) && refusals.has(code);
  return unavailable(`The token-manager refused a credential (${status}${isErrorCode(code) ? `, ${code}` : ''}).`, {
    details: { isRefusal: isClear },
  });
}

function unavailable(message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}): AppError {
  return new AppError('credential_unavailable', message, options);
}

function isRefusal(error: unknown): boolean {
  return isAppError(error) && error.details?.isRefusal === true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
