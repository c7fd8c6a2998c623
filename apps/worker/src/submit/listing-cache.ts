/** The last complete listing of each token, so that submits that follow each other closely need one list call, not one each. */
import type { UpstreamListing } from '@reelay/contracts/provider';
import type { KnownBefore } from '@reelay/db/attempts/begin-send';

interface Listing {
  readonly lists: KnownBefore;
  /** Monotonic ms at which the listing was begun: what came later is not in it. */
  readonly begunAt: number;
}

const mostTokens = 1_000;

export class ListingCache {
  readonly #listings = new Map<string, Listing>();
  readonly #monotonicNow: () => number;

  constructor(monotonicNow: () => number = () => performance.now()) {
    this.#monotonicNow = monotonicNow;
  }

  /** Call it before the listing; the answer keeps the result. */
  begin(tokenId: string): (lists: KnownBefore) => void {
    const begunAt = this.#monotonicNow();
    return (lists) => {
      this.#listings.delete(tokenId);
      this.#listings.set(tokenId, { lists, begunAt });
      const [oldest] = this.#listings.keys();
      if (oldest !== undefined && this.#listings.size > mostTokens) this.#listings.delete(oldest);
    };
  }

  find(tokenId: string, youngerThanMs: number): KnownBefore | undefined {
    const listing = this.#listings.get(tokenId);
    if (!listing || this.#monotonicNow() - listing.begunAt >= youngerThanMs) return undefined;
    return listing.lists;
  }
}

/** What a later listing is compared with: everything that was seen, also what could not have been an answer this time. */
export function knownAfter({ pending, finished, older = [] }: UpstreamListing): KnownBefore {
  return { pending, finished: [...finished, ...older] };
}
