const KEPT_MOST = 16;

/** The media that were asked for last. Nothing is stored: what is not here is made again, with the same bytes. */
export class MediaShelf {
  /** By file name, the longest unused first; what is still being made is here already. */
  readonly #media = new Map<string, Promise<Buffer>>();

  get(name: string, make: () => Promise<Buffer>): Promise<Buffer> {
    const media = this.#media.get(name) ?? make();
    this.#media.delete(name);
    this.#media.set(name, media);
    media.catch(() => this.#media.delete(name));
    for (const oldest of this.#media.keys()) {
      if (this.#media.size <= KEPT_MOST) break;
      this.#media.delete(oldest);
    }
    return media;
  }

  reset(): void {
    this.#media.clear();
  }
}
