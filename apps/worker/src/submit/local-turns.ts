/**
 * Submits of this process on one account, one after another. The journal in the database decides whose turn it is among all processes;
 * whoever waits here instead asks it nothing meanwhile, and its turn comes in the moment the one before is over.
 */
import { setTimeout as pause } from 'node:timers/promises';

export interface TurnPatience {
  withinMs: number;
  signal: AbortSignal;
}

export class LocalTurns {
  /** Of each account, when the last in its line is through. */
  readonly #last = new Map<string, Promise<void>>();

  /** How the turn is handed on, which must be called; undefined when it did not come in that time. @throws the signal's reason */
  async take(tokenId: string, { withinMs, signal }: TurnPatience): Promise<(() => void) | undefined> {
    const before = this.#last.get(tokenId);
    const turn = Promise.withResolvers<void>();
    // Whoever gives up leaves its place to those behind: they wait for those before it.
    const through = Promise.all([before, turn.promise]).then(() => {
      if (this.#last.get(tokenId) === through) this.#last.delete(tokenId);
    });
    this.#last.set(tokenId, through);
    if (!before || (await this.#isReached(before, { withinMs, signal }).catch(leave(turn.resolve))))
      return turn.resolve;
    turn.resolve();
    return undefined;
  }

  async #isReached(before: Promise<void>, { withinMs, signal }: TurnPatience): Promise<boolean> {
    const reached = new AbortController();
    try {
      const patience = pause(withinMs, false, { signal: AbortSignal.any([signal, reached.signal]) });
      return await Promise.race([before.then(() => true), patience]);
    } finally {
      reached.abort();
    }
  }
}

function leave(handOn: () => void) {
  return (error: unknown): never => {
    handOn();
    throw error;
  };
}
