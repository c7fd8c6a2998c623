/**
 * How fast tasks of a token finish, told by the rounds of polling. Finished tasks are read from a list of limited length: should more of
 * them finish between two looks than it holds, the first would be gone.
 */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Settings } from '@reelay/contracts/settings';

/** What a round found finished, and the time since the round before it; undefined time where there was none. */
export interface FinishRate {
  finished: number;
  elapsedMs: number | undefined;
}

const mostRemembered = 1_000;

/** Of this process; a restart begins anew. */
export class FinishRates {
  readonly #rounds = new Map<string, number>();
  readonly #monotonicNow: () => number;

  constructor(monotonicNow: () => number = () => performance.now()) {
    this.#monotonicNow = monotonicNow;
  }

  note({ tokenId, slotKind }: { tokenId: string; slotKind: SlotKind }, finished: number): FinishRate {
    const key = `${slotKind} ${tokenId}`;
    const now = this.#monotonicNow();
    const before = this.#rounds.get(key);
    this.#rounds.delete(key);
    this.#rounds.set(key, now);
    const [oldest] = this.#rounds.keys();
    if (oldest !== undefined && this.#rounds.size > mostRemembered) this.#rounds.delete(oldest);
    return { finished, elapsedMs: before === undefined ? undefined : now - before };
  }
}

/** How many items the list that finished tasks are read from can show at most; undefined where nothing limits it. */
export function finishedWindow(providerId: string, settings: Settings, slotKind: SlotKind): number | undefined {
  if (providerId !== 'sora') return undefined;
  return slotKind === 'image'
    ? settings['sora.recentTasksMost']
    : settings['sora.draftsPage'] * settings['sora.draftsPages'];
}

/**
 * The time after which the list should be looked at again: half of that in which it fills at the present rate. While more tasks are open
 * than it holds, all of them could finish at once, so it is looked at as often as allowed. Undefined when nothing presses.
 */
export function windowWishMs(
  { finished, elapsedMs }: FinishRate,
  { open, window }: { open: number; window: number | undefined },
): number | undefined {
  if (window === undefined || open === 0) return undefined;
  if (open > window) return 0;
  if (finished === 0 || elapsedMs === undefined) return undefined;
  return (window * elapsedMs) / finished / 2;
}
