/** The last complete listing of each token and kind, so that submits that follow each other closely need one list call, not one each. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { UpstreamListing } from '@reelay/contracts/provider';
import type { KnownBefore } from '@reelay/db/attempts/begin-send';

interface Listing {
  readonly lists: KnownBefore;
  /** Monotonic ms at which the listing was begun: what came later is not in it. */
  readonly begunAt: number;
}

/** Which lists of which account. */
export interface ListingKey {
  tokenId: string;
  slotKind: SlotKind;
}

const mostListings = 1_000;

export class ListingCache {
  readonly #listings = new Map<string, Listing>();
  readonly #monotonicNow: () => number;

  constructor(monotonicNow: () => number = () => performance.now()) {
    this.#monotonicNow = monotonicNow;
  }

  /** Call it before the listing; the answer keeps the result. */
  begin(key: ListingKey): (lists: KnownBefore) => void {
    const begunAt = this.#monotonicNow();
    const name = nameOf(key);
    return (lists) => {
      this.#listings.delete(name);
      this.#listings.set(name, { lists, begunAt });
      const [oldest] = this.#listings.keys();
      if (oldest !== undefined && this.#listings.size > mostListings) this.#listings.delete(oldest);
    };
  }

  find(key: ListingKey, youngerThanMs: number): KnownBefore | undefined {
    const listing = this.#listings.get(nameOf(key));
    if (!listing || this.#monotonicNow() - listing.begunAt >= youngerThanMs) return undefined;
    return listing.lists;
  }
}

function nameOf({ tokenId, slotKind }: ListingKey): string {
  return `${slotKind} ${tokenId}`;
}

/** What a later listing is compared with: everything that was seen, also what could not have been an answer this time. */
export function knownAfter({ pending, finished, older = [] }: UpstreamListing): KnownBefore {
  return { pending, finished: [...finished, ...older] };
}
