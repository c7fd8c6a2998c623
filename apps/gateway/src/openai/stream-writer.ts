import type { ServerResponse } from 'node:http';
import { keepAliveComment } from './chat-chunks.js';

export interface StreamWriterOptions {
  /** Silence after which a comment is sent. */
  keepAliveMs: number;
  /** A client that reads nothing for so long is cut off; its generation goes on. */
  drainTimeoutMs?: number;
}

const drainTimeoutMs = 30_000;

/** Writes server-sent events to the raw response. Waits for a slow client instead of buffering for it. */
export class StreamWriter {
  readonly #response: ServerResponse;
  readonly #keepAlive: NodeJS.Timeout | undefined;
  readonly #drainTimeoutMs: number;

  constructor(response: ServerResponse, options: StreamWriterOptions) {
    this.#response = response;
    this.#drainTimeoutMs = options.drainTimeoutMs ?? drainTimeoutMs;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    // A connection that breaks is seen by its close; the error itself has no reader.
    response.on('error', () => {});
    response.flushHeaders();
    // A client that left before has had its close already: nothing would ever stop the timer.
    if (response.destroyed) return;
    this.#keepAlive = setInterval(() => this.#comment(), options.keepAliveMs);
    response.once('close', () => clearInterval(this.#keepAlive));
  }

  /** Resolves when the client can take more, or is gone. */
  async write(text: string): Promise<void> {
    if (text === '' || this.#response.destroyed || this.#response.writableEnded) return;
    this.#keepAlive?.refresh();
    if (!this.#response.write(text)) await this.#drained();
  }

  end(text: string): void {
    clearInterval(this.#keepAlive);
    if (!this.#response.destroyed) this.#response.end(text);
  }

  #comment(): void {
    if (!this.#response.writableNeedDrain && !this.#response.writableEnded) this.#response.write(keepAliveComment);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#response.off('drain', finish).off('close', finish);
        resolve();
      };
      const timer = setTimeout(() => this.#response.destroy(), this.#drainTimeoutMs);
      this.#response.once('drain', finish).once('close', finish);
    });
  }
}
