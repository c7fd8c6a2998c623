/** How often an address may be wrong about the admin key: five times as it likes, then after pauses that double. In memory, per process. */

const freeTries = 5;
const firstPauseMs = 30_000;
const longestPauseMs = 15 * 60_000;
/** After so long without a try an address begins anew. */
const forgetAfterMs = 60 * 60_000;
const mostAddresses = 10_000;

interface Failures {
  count: number;
  lastAt: number;
  mayTryAt: number;
}

export class SignInTries {
  /** In the order of their last failure. */
  readonly #failures = new Map<string, Failures>();
  readonly #now: () => number;

  /** `now` is monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How long this address has to wait before its next try; 0 is not at all. */
  pauseMsOf(address: string): number {
    const known = this.#failures.get(networkOf(address));
    return known ? Math.max(0, known.mayTryAt - this.#now()) : 0;
  }

  noteFailure(address: string): void {
    const network = networkOf(address);
    const now = this.#now();
    const known = this.#failures.get(network);
    const count = (known && now - known.lastAt < forgetAfterMs ? known.count : 0) + 1;
    const pauseMs = count < freeTries ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (count - freeTries));
    this.#failures.delete(network);
    this.#failures.set(network, { count, lastAt: now, mayTryAt: now + pauseMs });
    this.#forgetOldest();
  }

  noteSuccess(address: string): void {
    this.#failures.delete(networkOf(address));
  }

  #forgetOldest(): void {
    for (const [network, { lastAt }] of this.#failures) {
      if (this.#failures.size <= mostAddresses && this.#now() - lastAt < forgetAfterMs) return;
      this.#failures.delete(network);
    }
  }
}

/** Whoever has one IPv6 address has all 2⁶⁴ of its network. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = (address.split('%', 1)[0] ?? '').split('::', 2);
  const first = head === '' ? [] : head.split(':');
  const last = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return [...first, ...zeros, ...last]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}
