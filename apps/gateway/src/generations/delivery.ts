import type { ServerResponse } from 'node:http';

export type Settle = (isDelivered: boolean) => Promise<void>;

/** Watches one answer: did the client get its result, or did the connection end before? Told exactly once. */
export class Delivery {
  readonly #gone = new AbortController();
  readonly #settle: Settle;
  #carriesResult = false;
  #isSettled = false;

  constructor(response: ServerResponse, settle: Settle) {
    this.#settle = settle;
    const close = () => {
      this.#gone.abort();
      void this.#settleOnce(this.#carriesResult && response.writableFinished);
    };
    if (response.closed || response.destroyed) close();
    else response.once('close', close);
  }

  /** Aborted when the connection is closed, by either side. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** From here on what is written is the result (or the generation's final error). */
  carryResult(): void {
    this.#carriesResult = true;
  }

  get carriesResult(): boolean {
    return this.#carriesResult;
  }

  /** To be awaited before an answer without result is written, so that the client's retry finds the generation open to it. */
  async giveUp(): Promise<void> {
    await this.#settleOnce(false);
  }

  async #settleOnce(isDelivered: boolean): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    await this.#settle(isDelivered);
  }
}
