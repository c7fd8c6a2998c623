/** How many streams are open at once in this process, and of them each key's. Nothing here waits: one too many is refused. */
import type { ServerResponse } from 'node:http';
import { AppError } from '@reelay/contracts/errors';
import type { Settings } from '@reelay/contracts/settings';

const retryAfterMs = 5_000;

export class StreamLimits {
  readonly #ofKey = new Map<string, number>();
  #open = 0;

  get open(): number {
    return this.#open;
  }

  /**
   * Counts a stream until its response is closed.
   * @throws AppError `rate_limit_exceeded` beyond the key's limit, `service_unavailable` beyond that of the process
   */
  take(
    apiKeyId: string,
    settings: Pick<Settings, 'stream.open' | 'stream.openPerKey'>,
    response: ServerResponse,
  ): void {
    const ofKey = this.#ofKey.get(apiKeyId) ?? 0;
    const { 'stream.openPerKey': mostPerKey, 'stream.open': most } = settings;
    if (ofKey >= mostPerKey) {
      const message = `This key has ${ofKey} streams open, as many as it may: close one, or ask for generations by their ids.`;
      throw new AppError('rate_limit_exceeded', message, { retryAfterMs });
    }
    if (this.#open >= most) {
      const message = 'This gateway has as many streams open as it may: try again in some seconds, or ask by the id.';
      throw new AppError('service_unavailable', message, { retryAfterMs });
    }
    if (response.destroyed) return;
    this.#open += 1;
    this.#ofKey.set(apiKeyId, ofKey + 1);
    response.once('close', () => this.#release(apiKeyId));
  }

  #release(apiKeyId: string): void {
    this.#open -= 1;
    const left = (this.#ofKey.get(apiKeyId) ?? 0) - 1;
    if (left > 0) this.#ofKey.set(apiKeyId, left);
    else this.#ofKey.delete(apiKeyId);
  }
}
