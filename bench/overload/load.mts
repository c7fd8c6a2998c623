import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Client } from './client.mts';

/** One request for a video. */
export interface Create {
  /** When it was sent, Unix ms. */
  at: number;
  tookMs: number;
  /** The error of a refusal; null when it was accepted. */
  code: string | null;
  retryAfterSeconds: number;
  shouldRetry: boolean;
}

interface Crowd {
  client: Client;
  /** Clients of a closed loop; their share of the arrivals of an open one. */
  count: number;
}

const model = 'sora2-landscape-10s';
/** Pause of a client of a closed loop that was refused: its key or the rest is a little ahead of what it has read. */
const againMs = 250;

/** Clients that ask for videos and read theirs as often as they are told to, until it is there. */
export class Load {
  readonly creates: Create[] = [];
  /** Public ids. */
  readonly accepted: string[] = [];
  /** Whatever is neither a video nor a refusal. */
  readonly mishaps = new Map<string, number>();
  /** How late requests of the open loop were sent. */
  readonly lateMs: number[] = [];
  #no = 0;
  readonly #underway = new Set<Promise<void>>();

  /** Each client asks for its next video when it has one. */
  closed(crowds: readonly Crowd[], signal: AbortSignal): void {
    const one = async (client: Client) => {
      // Not all at once: they would go on reading in step.
      await delay(Math.random() * 2_000, undefined, { signal });
      while (!signal.aborted) {
        const id = await this.#create(client);
        if (id === undefined) await delay(againMs, undefined, { signal });
        else await this.#follow(client, id);
      }
    };
    for (const { client, count } of crowds) {
      for (let no = 0; no < count; no += 1) this.#keep(one(client));
    }
  }

  /** Clients come by chance, at a rate that nothing slows down. Resolves when the signal ends it. */
  async open(crowds: readonly Crowd[], perSecond: number, signal: AbortSignal): Promise<void> {
    const arrivals = crowds.flatMap(({ client, count }) => Array.from({ length: count }, () => client));
    for (let due = performance.now(); ; ) {
      due += (-Math.log(1 - Math.random()) * 1000) / perSecond;
      await delay(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      this.lateMs.push(performance.now() - due);
      const client = arrivals[Math.floor(Math.random() * arrivals.length)];
      if (client) this.#keep(this.#createAndFollow(client));
    }
  }

  /** Whether everybody has got what was accepted. */
  async drain(patienceMs: number): Promise<boolean> {
    const patience = new AbortController();
    const isDrained = await Promise.race([
      Promise.all(this.#underway).then(() => true),
      delay(patienceMs, false, { signal: patience.signal, ref: false }),
    ]);
    patience.abort();
    return isDrained;
  }

  #keep(work: Promise<void>): void {
    const kept = work
      .catch((error: Error) => {
        if (error.name !== 'AbortError') this.#note(error.message);
      })
      .finally(() => this.#underway.delete(kept));
    this.#underway.add(kept);
  }

  #note(mishap: string): void {
    this.mishaps.set(mishap, (this.mishaps.get(mishap) ?? 0) + 1);
  }

  async #createAndFollow(client: Client): Promise<void> {
    const id = await this.#create(client);
    if (id !== undefined) await this.#follow(client, id);
  }

  async #create(client: Client): Promise<string | undefined> {
    const at = Date.now();
    this.#no += 1;
    const prompt = `boat ${this.#no} of too many`;
    const { status, body, headers, tookMs } = await client.post('/v1/videos', { model, prompt });
    const { id, error } = body as { id?: string; error?: { code: string } };
    if (status !== 200 && status !== 429) throw new Error(`POST /v1/videos: ${status} ${error?.code}`);
    this.creates.push({
      ...{ at, tookMs, code: status === 200 ? null : (error?.code ?? 'none') },
      retryAfterSeconds: Number(headers['retry-after'] ?? Number.NaN),
      shouldRetry: headers['x-should-retry'] === 'true',
    });
    if (status !== 200 || id === undefined) return undefined;
    this.accepted.push(id);
    return id;
  }

  async #follow(client: Client, id: string): Promise<void> {
    for (let answer: Answer | undefined; ; ) {
      await delay(Number(answer?.headers['openai-poll-after-ms'] ?? 2_000));
      answer = await client.get(`/v1/videos/${id}`);
      const { status, error } = answer.body as { status?: string; error?: { message: string } | null };
      if (answer.status !== 200 || status === 'failed') {
        throw new Error(`GET /v1/videos/{id}: ${answer.status} ${status ?? ''} ${error?.message ?? ''}`);
      }
      if (status === 'completed') return;
    }
  }
}
