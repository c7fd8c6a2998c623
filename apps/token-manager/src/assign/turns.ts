/**
 * Who was served last, in this process. It decides between equals only: without it, of two keys that always have something waiting, the
 * one with the older rows would get every slot. A restart forgets it and the first round is by age again.
 */
export class Turns {
  readonly #keys = new Map<string, number>();
  readonly #lanes = new Map<string, number>();
  #turn = 0;

  /** Notes a start; the keys in the order in which they started. */
  note(lane: string, apiKeyIds: readonly (string | null)[]): void {
    this.#turn += 1;
    put(this.#lanes, lane, this.#turn);
    for (const apiKeyId of apiKeyIds) {
      this.#turn += 1;
      put(this.#keys, apiKeyId ?? '', this.#turn);
    }
  }

  /** 0 for a lane that was not served yet. */
  ofLane(lane: string): number {
    return this.#lanes.get(lane) ?? 0;
  }

  ofKeys(): { key: string; turn: number }[] {
    return [...this.#keys].map(([key, turn]) => ({ key, turn }));
  }
}

/** Those beyond are the longest unserved, and so are the forgotten. */
const remembered = 500;

function put(turns: Map<string, number>, name: string, turn: number): void {
  // Deleted first, so that the map's own order is the order of the turns.
  turns.delete(name);
  turns.set(name, turn);
  const [oldest] = turns.keys();
  if (turns.size > remembered && oldest !== undefined) turns.delete(oldest);
}
