/** Records of one sort by id, in order of arrival. Each goes into the journal before it counts; the oldest are forgotten. */
export class RecordBook<Kept extends { readonly id: string }> {
  readonly #records = new Map<string, Kept>();

  constructor(
    private readonly write: (record: Kept) => void,
    private readonly keptMost: number,
  ) {}

  /** Adds a record, or replaces the one with its id. */
  put(record: Kept): Kept {
    this.write(record);
    this.restore(record);
    return record;
  }

  /** Takes a record over from the journal, without writing it there again. */
  restore(record: Kept): void {
    this.#records.set(record.id, record);
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= this.keptMost) break;
      this.#records.delete(oldest);
    }
  }

  find(id: string): Kept | undefined {
    return this.#records.get(id);
  }

  all(): IterableIterator<Kept> {
    return this.#records.values();
  }

  reset(): void {
    this.#records.clear();
  }
}
