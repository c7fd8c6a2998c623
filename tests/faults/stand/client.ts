/** A patient client of one key: it repeats what failed under the same Idempotency-Key, polls until the end, and notes all it is told. */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseGenerationId } from '@reelay/contracts/ids';
import { judgedFetch, UnfitAnswer } from '../../support/judged-fetch.js';
import { isTerminal, type Stream } from '../judge/history.js';
import { readEvents } from './read-events.js';
import type { Record } from './record.js';
import { scaled } from './scaled.js';
import { Seeded } from './seeded.js';
import type { Stand } from './stand.js';

export interface Owner {
  name: string;
  apiKey: string;
}

export type Sort = 'video' | 'streamed video' | 'image in a chat' | 'cancelled video' | 'deleted video';

const videoModel = 'sora2-landscape-10s';
const tryAgainMs = 250;
const answerTimeoutMs = 6_000;
const patienceMs = 120_000;
/** A connection that is silent for ever is given up and opened anew, as browsers do it. */
const longestStreamMs = 20_000;
const streamEndMs = 60_000;
/** Beyond the deadline of every generation: what has not ended by then is judged as it is. */
const longestLifeMs = scaled['generation.deadlineMs'] + 120_000;

export class Client {
  readonly owner: Owner;
  readonly #stand: Stand;
  readonly #record: Record;
  /** Once it is aborted, nothing is asked any more. */
  readonly #signal: AbortSignal;

  constructor(stand: Stand, owner: Owner, record: Record, signal: AbortSignal) {
    this.#stand = stand;
    this.owner = owner;
    this.#record = record;
    this.#signal = signal;
  }

  /** From the request to the end of the generation. Resolves with its state, or undefined when it was called off. */
  async make(prompt: string, sort: Sort): Promise<string | undefined> {
    const generationId = await this.create(prompt, sort);
    if (generationId === undefined) return undefined;
    const reading = sort === 'streamed video' ? this.#follow(generationId) : undefined;
    if (sort === 'cancelled video' || sort === 'deleted video') {
      // At any moment of its life, which takes some two seconds.
      await pause(2_500 * seededBy(prompt).next());
      if (sort === 'deleted video') return this.#delete(generationId);
      await this.#cancel(generationId);
    }
    const state = await this.awaitEnd(generationId);
    // A stream that has not ended by then is judged as it is.
    if (reading) await within(reading, streamEndMs);
    if (state === 'succeeded' && sort !== 'image in a chat') await this.#download(generationId);
    return state;
  }

  /** @throws when a request is refused for good, or was not accepted in two minutes */
  async create(prompt: string, sort: Sort = 'video'): Promise<string | undefined> {
    const idempotencyKey = `key of ${prompt}`;
    const askedAt = Date.now();
    while (!this.#signal.aborted) {
      const generationId = await this.#ask(prompt, sort, idempotencyKey).catch((error: unknown) => {
        if (error instanceof Refused) throw error;
        return undefined;
      });
      if (generationId !== undefined) {
        this.#record.accepts.push({
          ...{ at: Date.now(), askedAt, idempotencyKey, prompt, owner: this.owner.name, generationId },
        });
        return generationId;
      }
      if (Date.now() - askedAt > patienceMs) throw new Error(`"${prompt}" was not accepted in ${patienceMs} ms`);
      await pause(tryAgainMs);
    }
    return undefined;
  }

  async awaitEnd(generationId: string): Promise<string | undefined> {
    for (const giveUpAt = Date.now() + longestLifeMs; !this.#signal.aborted && Date.now() < giveUpAt; ) {
      const view = await this.#view(generationId);
      if (view && isTerminal(view.state)) return view.state;
      await pause(300 + 200 * Math.random(), undefined, { signal: this.#signal }).catch(() => {});
    }
    return this.#signal.aborted ? undefined : 'unfinished';
  }

  /** What somebody else's generation looks like to this client. */
  async trespass(generationId: string): Promise<void> {
    const response = await this.#fetch(`/v1/generations/${generationId}`).catch(() => undefined);
    if (!response) return;
    await response.text();
    this.#record.trespasses.push({ at: Date.now(), generationId, owner: this.owner.name, status: response.status });
  }

  async #ask(prompt: string, sort: Sort, idempotencyKey: string): Promise<string | undefined> {
    const isChat = sort === 'image in a chat';
    const response = await this.#fetch(isChat ? '/v1/chat/completions' : '/v1/videos', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify(
        isChat
          ? { model: 'gpt-image', stream: true, messages: [{ role: 'user', content: prompt }] }
          : { model: videoModel, prompt },
      ),
    });
    if (!response.ok) return this.#refused(response);
    if (!isChat) return parseGenerationId(((await response.json()) as { id: string }).id);
    return firstIdOf(response);
  }

  async #refused(response: Response): Promise<undefined> {
    const body = await response.text();
    this.#record.errorBodies.push(body);
    // What is overloaded or restarting says so with one of these; anything else is a defect, for the requests are good ones.
    if (![429, 500, 502, 503, 504].includes(response.status)) throw new Refused(`${response.status} ${body}`);
  }

  async #view(generationId: string): Promise<{ state: string } | undefined> {
    try {
      const response = await this.#fetch(`/v1/generations/${generationId}`);
      if (!response.ok) return this.#refused(response);
      const { state, progress, seq } = (await response.json()) as { state: string; progress: number; seq: number };
      this.#record.views.push({ at: Date.now(), generationId, state, progress, seq });
      return { state };
    } catch (error) {
      if (error instanceof Refused) throw error;
      return undefined;
    }
  }

  /** To the end, over as many connections as it takes, each beginning behind the last thing that was heard. */
  async #follow(generationId: string): Promise<void> {
    const stream: Stream = { generationId, frames: [], isWhole: false };
    this.#record.streams.push(stream);
    while (!this.#signal.aborted && !stream.isWhole) {
      const ended = await this.#readOn(stream).catch((error: unknown) => {
        if (error instanceof Refused) throw error;
        return 'cut' as const;
      });
      if (ended === 'end') stream.isWhole = true;
      else await pause(tryAgainMs);
    }
  }

  async #readOn({ generationId, frames }: Stream): Promise<'end' | 'cut'> {
    const lastEventId = frames.at(-1)?.seq;
    const headers: HeadersInit = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
    const response = await this.#fetch(`/v1/generations/${generationId}/events`, { headers }, longestStreamMs);
    // Nothing is left to tell behind what was heard.
    if (response.status === 204) return 'end';
    if (response.ok) return readEvents(response, frames);
    await this.#refused(response);
    return 'cut';
  }

  async #cancel(generationId: string): Promise<void> {
    const { state } = await this.#insist(`/v1/generations/${generationId}/cancel`, 'POST');
    this.#record.cancels.push({ at: Date.now(), generationId, state });
  }

  /** Noted before it is asked for: the answer may be lost. */
  async #delete(generationId: string): Promise<string> {
    this.#record.deletes.push({ at: Date.now(), generationId });
    await this.#insist(`/v1/generations/${generationId}`, 'DELETE');
    return 'deleted';
  }

  /** Until it is answered; that it is not there (any more) is an answer, too. */
  async #insist(route: string, method: string): Promise<{ state: string }> {
    for (const giveUpAt = Date.now() + patienceMs; ; ) {
      try {
        const response = await this.#fetch(route, { method });
        if (response.ok) return (await response.json()) as { state: string };
        if (response.status === 404 && method === 'DELETE') return { state: 'deleted' };
        await this.#refused(response);
      } catch (error) {
        if (error instanceof Refused || this.#signal.aborted) throw error;
      }
      if (Date.now() > giveUpAt) throw new Error(`${method} ${route} was not answered in ${patienceMs} ms`);
      await pause(tryAgainMs);
    }
  }

  async #download(generationId: string): Promise<void> {
    for (const giveUpAt = Date.now() + patienceMs; !this.#signal.aborted; ) {
      if (Date.now() > giveUpAt) throw new Error(`the file of ${generationId} was not given in ${patienceMs} ms`);
      try {
        const response = await this.#fetch(`/v1/videos/video_${generationId}/content`, {}, 20_000);
        const bytes = Buffer.from(await response.arrayBuffer());
        if (response.ok) {
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          this.#record.media.push({ generationId, sizeBytes: bytes.length, sha256 });
          return;
        }
      } catch {
        // It is tried again.
      }
      await pause(tryAgainMs);
    }
  }

  async #fetch(route: string, request: RequestInit = {}, timeoutMs = answerTimeoutMs): Promise<Response> {
    return judgedFetch(`${this.#stand.gatewayUrl}${route}`, {
      ...request,
      headers: { authorization: `Bearer ${this.owner.apiKey}`, ...(request.headers as object) },
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]),
    }).catch((error: unknown) => {
      // The request is tried again; that it was answered so is not forgotten.
      if (error instanceof UnfitAnswer) this.#record.unfitAnswers.push(error.message);
      throw error;
    });
  }
}

/** A run with the same seed asks for the same, and calls the same off at the same age. */
function seededBy(prompt: string): Seeded {
  return new Seeded(createHash('sha256').update(prompt).digest().readUInt32BE());
}

/** Leaves no timer behind, which would keep the process alive. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  const enough = new AbortController();
  const late = pause(ms, undefined, { signal: enough.signal }).catch(() => {});
  await Promise.race([work, late]).finally(() => enough.abort());
}

/** A request that is good was called bad. */
class Refused extends Error {}

/** The first chunk names the generation; the rest of the stream is not waited for. */
async function firstIdOf(response: Response): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  if (!response.body) return undefined;
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const id = /"id":"([^"]+)"/.exec(text)?.[1];
    if (id !== undefined) return parseGenerationId(id);
  }
  return undefined;
}
