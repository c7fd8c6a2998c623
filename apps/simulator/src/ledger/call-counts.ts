/** How often what was called and how often what was refused: for tests that ask how much a client bothers its upstream. */
export class CallCounts {
  readonly #calls = new Map<string, number>();
  readonly #refusals = new Map<string, number>();

  called(endpoint: string): void {
    this.#calls.set(endpoint, (this.#calls.get(endpoint) ?? 0) + 1);
  }

  /** `code` is the error code that was answered; faults and true refusals count alike. */
  refused(endpoint: string, code: string): void {
    const name = `${endpoint} ${code}`;
    this.#refusals.set(name, (this.#refusals.get(name) ?? 0) + 1);
  }

  reset(): void {
    this.#calls.clear();
    this.#refusals.clear();
  }

  view(): { calls: Record<string, number>; refusals: Record<string, number> } {
    return { calls: Object.fromEntries(this.#calls), refusals: Object.fromEntries(this.#refusals) };
  }
}
