/** The events of one generation as they happen, after those that were before, until its end. The rows are read, so nothing is left out. */
import type { ServerResponse } from 'node:http';
import { type GenerationEvent, isTerminalEvent } from '@reelay/contracts/events';
import type { Dialect } from '@reelay/contracts/ids';
import type { Settings } from '@reelay/contracts/settings';
import { findGeneration } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';
import { generationViewOf } from '../generations/generation-view.js';
import { toAppError } from '../http/to-app-error.js';
import { StreamWriter, streamOptionsOf } from '../openai/stream-writer.js';
import { eventLines, failureLines } from './event-lines.js';
import { coalesce } from './watch.js';
import type { Watcher } from './watch-hub.js';

/** What is kept for as long as the stream is open: little, for there are thousands. */
export interface StreamEvents {
  id: string;
  dialect: Dialect;
  ownerId: string;
  publicUrl: string;
}

export interface BeginStream extends StreamEvents {
  afterSeq: number;
  response: ServerResponse;
  settings: Settings;
}

/** Returns at once; the stream goes on by itself until the generation, the client or this process ends. */
export function streamEvents(parts: GatewayParts, begin: BeginStream): void {
  const { afterSeq, response, settings, id, dialect, ownerId, publicUrl } = begin;
  const writer = new StreamWriter(response, {
    ...streamOptionsOf(settings),
    onCut: (bufferedBytes) => parts.log.info({ generationId: id, bufferedBytes }, 'slow stream cut off'),
  });
  if (response.destroyed) return;
  const stream = new EventStream(parts, { id, dialect, ownerId, publicUrl }, writer);
  const streams = openStreamsOf(parts).add(stream);
  response.once('close', () => {
    streams.delete(stream);
    stream.close();
  });
  stream.begin(afterSeq).catch((error: unknown) => stream.fail(error));
}

/** Woken by news, it writes what there is and rests: between two events nothing of it runs or waits. */
class EventStream {
  readonly #parts: GatewayParts;
  readonly #of: StreamEvents;
  readonly #writer: StreamWriter;
  #watcher: Watcher | undefined;
  #isTelling = false;
  #isOver = false;

  constructor(parts: GatewayParts, of: StreamEvents, writer: StreamWriter) {
    this.#parts = parts;
    this.#of = of;
    this.#writer = writer;
  }

  async begin(afterSeq: number): Promise<void> {
    this.#watcher = await this.#parts.hub.open(this.#of.id, afterSeq, this.tell);
    // The client may have left meanwhile.
    if (this.#isOver) this.#watcher.close();
    else this.tell();
  }

  /** To be called when something may have happened, to the generation or to this process. */
  readonly tell = (): void => {
    const watcher = this.#watcher;
    if (this.#isTelling || this.#isOver || !watcher) return;
    if (!watcher.hasNews && !this.#parts.stopping.aborted) return;
    this.#isTelling = true;
    void this.#tellAll(watcher).then(
      () => {
        this.#isTelling = false;
        // Of what came since its last look nobody has told it.
        this.tell();
      },
      (error: unknown) => this.fail(error),
    );
  };

  /** Ends the watching; the connection is closed, or has been told its last. */
  close(): void {
    this.#isOver = true;
    this.#watcher?.close();
  }

  async #tellAll(watcher: Watcher): Promise<void> {
    while (!this.#isOver && !this.#parts.stopping.aborted) {
      if (!watcher.hasNews) return;
      const events = await watcher.take();
      // What a client takes at once it gets whole; one that falls behind is spared progress that is over.
      for (const event of this.#writer.isBehind ? coalesce(events) : events) {
        await this.#writer.write(await this.#linesOf(event));
      }
      if (events.some(isTerminalEvent)) break;
    }
    this.#end('');
  }

  /** A program that has the end has everything: the generation is shown with it, with links that are fresh now. */
  async #linesOf(event: GenerationEvent): Promise<string> {
    if (!isTerminalEvent(event)) return eventLines(this.#of, event);
    const { database, links } = this.#parts;
    const { id, ownerId, publicUrl } = this.#of;
    const ended = await findGeneration(database, { id, ownerId });
    const shown = ended && (await generationViewOf(ended, links, publicUrl));
    return eventLines(this.#of, event, shown ? { generation: shown } : {});
  }

  fail(error: unknown): void {
    const failure = toAppError(error);
    if (failure.code === 'internal_error') {
      this.#parts.log.error({ error, generationId: this.#of.id }, 'stream failed');
    }
    this.#end(failureLines(failure));
  }

  #end(text: string): void {
    this.close();
    this.#writer.end(text);
  }
}

/** One listener for all of them: a signal looks through all of its own whenever one is taken away. */
function openStreamsOf(parts: GatewayParts): Set<EventStream> {
  const known = openStreams.get(parts);
  if (known) return known;
  const streams = new Set<EventStream>();
  openStreams.set(parts, streams);
  const tellAll = () => {
    for (const stream of streams) stream.tell();
  };
  parts.stopping.addEventListener('abort', tellAll, { once: true });
  return streams;
}

const openStreams = new WeakMap<GatewayParts, Set<EventStream>>();
