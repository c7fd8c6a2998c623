/** How many requests a key may send in a minute: counted over all gateways, and told with every answer. */
import type { ServerResponse } from 'node:http';
import { AppError } from '@reelay/contracts/errors';
import type { Settings } from '@reelay/contracts/settings';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { CountingWindow } from '@reelay/platform/counting-window';

export interface RequestRateOptions {
  settings: { read(): Promise<Settings> };
  /** Of a minute. */
  window: Pick<CountingWindow, 'count'>;
}

export class RequestRate {
  constructor(private readonly options: RequestRateOptions) {}

  /** @throws AppError `rate_limit_exceeded` */
  async admit({ apiKeyId, requestsPerMinute }: ApiKeyIdentity, response: ServerResponse): Promise<void> {
    const limit = requestsPerMinute ?? (await this.options.settings.read())['rate.requestsPerMinute'];
    if (limit === 0) return;
    const { count, endsInMs } = await this.options.window.count(apiKeyId);
    const isExceeded = count > limit;
    // On the raw response, so that streams carry them too.
    response.setHeader('x-ratelimit-limit-requests', String(limit));
    response.setHeader('x-ratelimit-remaining-requests', String(Math.max(0, limit - count)));
    response.setHeader('x-ratelimit-reset-requests', durationText(endsInMs));
    if (!isExceeded) return;
    const message = `This key may send ${limit} requests in a minute and has sent them: send this one again in ${durationText(endsInMs)}.`;
    throw new AppError('rate_limit_exceeded', message, { retryAfterMs: endsInMs });
  }
}

/** `1s`, `6m0s`: whole seconds, none too few. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
