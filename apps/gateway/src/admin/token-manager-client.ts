/** The token-manager's internal API, as far as the admin routes pass it on. Its answers hold no secret. */
import { AppError, isErrorCode } from '@reelay/contracts/errors';
import { z } from 'zod';

export interface TokenManagerClientOptions {
  url: string;
  internalKey: string;
}

/** Adding an account asks its upstream several things. */
const timeoutMs = 60_000;
const failureSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), param: z.string().nullish() }),
});

export class TokenManagerClient {
  readonly #options: TokenManagerClientOptions;

  constructor(options: TokenManagerClientOptions) {
    this.#options = options;
  }

  list(): Promise<unknown> {
    return this.#request('GET', '/internal/tokens');
  }

  add(token: object): Promise<unknown> {
    return this.#request('POST', '/internal/tokens', token);
  }

  remove(id: string): Promise<unknown> {
    return this.#request('DELETE', `/internal/tokens/${encodeURIComponent(id)}`);
  }

  showProxies(): Promise<unknown> {
    return this.#request('GET', '/internal/proxies');
  }

  changeProxies(change: object): Promise<unknown> {
    return this.#request('PUT', '/internal/proxies', change);
  }

  async #request(method: string, path: string, body?: object): Promise<unknown> {
    const { url, internalKey } = this.#options;
    let response: Response;
    try {
      response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${internalKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      throw new AppError(
        'service_unavailable',
        'The token-manager cannot be reached just now; try again in some seconds.',
        {
          cause: error,
        },
      );
    }
    const answer = await readAnswer(response);
    if (!response.ok) throw failureOf(response.status, answer);
    return answer;
  }
}

async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function failureOf(status: number, answer: unknown): AppError {
  const failure = failureSchema.safeParse(answer);
  if (!failure.success || !isErrorCode(failure.data.error.code)) {
    return new AppError('internal_error', `The token-manager answered ${status}`, { details: { answer } });
  }
  const { code, message, param } = failure.data.error;
  return new AppError(code, message, param == null ? {} : { param });
}
