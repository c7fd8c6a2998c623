import type { ServerResponse } from 'node:http';
import { defaultSettings, type Settings } from '@reelay/contracts/settings';
import { keepAliveComment } from './chat-chunks.js';

export interface StreamWriterOptions {
  /** Silence after which a comment is sent. */
  keepAliveMs: number;
  /** A client that reads nothing for so long is cut off; its generation goes on. */
  drainTimeoutMs?: number;
  /** Beyond so many bytes that it has not taken nothing more is written to it until it has. */
  bufferBytes?: number;
  /** Told when a client was cut off, with what it had not taken. */
  onCut?: (bufferedBytes: number) => void;
}

const drainTimeoutMs = defaultSettings['stream.drainMs'];
const bufferBytes = defaultSettings['stream.bufferBytes'];

export function streamOptionsOf(settings: Settings): StreamWriterOptions {
  return {
    keepAliveMs: settings['stream.keepAliveMs'],
    drainTimeoutMs: settings['stream.drainMs'],
    bufferBytes: settings['stream.bufferBytes'],
  };
}

/** Writes server-sent events to the raw response. For a slow client it buffers a little, then waits, then gives it up. */
export class StreamWriter {
  readonly #response: ServerResponse;
  readonly #keepAlive: NodeJS.Timeout | undefined;
  readonly #options: Required<Pick<StreamWriterOptions, 'drainTimeoutMs' | 'bufferBytes'>> & StreamWriterOptions;
  #deadline: NodeJS.Timeout | undefined;
  #isInEvent = false;

  constructor(response: ServerResponse, options: StreamWriterOptions) {
    this.#response = response;
    this.#options = { drainTimeoutMs, bufferBytes, ...options };
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
    response.on('drain', () => this.#stopWaiting());
    response.once('close', () => {
      clearInterval(this.#keepAlive);
      this.#stopWaiting();
    });
  }

  /** The client has not taken what was written to it before. */
  get isBehind(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** Resolves when the client can take more, or is gone. */
  async write(text: string): Promise<void> {
    if (text === '' || this.#response.destroyed || this.#response.writableEnded) return;
    this.#keepAlive?.refresh();
    if (this.#response.write(text)) return;
    this.#deadline ??= setTimeout(() => this.#cut(), this.#options.drainTimeoutMs);
    if (this.#response.writableLength > this.#options.bufferBytes) await this.#drained();
  }

  /** An event too large to be in memory. No comment comes between its pieces; if they end too early, so does the connection. */
  async writeWhole(pieces: AsyncIterable<string>): Promise<void> {
    this.#isInEvent = true;
    try {
      for await (const piece of pieces) {
        await this.write(piece);
        if (this.#response.destroyed) return;
      }
    } catch (error) {
      this.#response.destroy();
      throw error;
    } finally {
      this.#isInEvent = false;
    }
  }

  end(text: string): void {
    clearInterval(this.#keepAlive);
    if (this.#response.destroyed) return;
    this.#response.end(text);
    this.#deadline ??= setTimeout(() => this.#cut(), this.#options.drainTimeoutMs);
  }

  #comment(): void {
    if (this.#isInEvent || this.#response.writableNeedDrain || this.#response.writableEnded) return;
    this.#response.write(keepAliveComment);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        this.#response.off('drain', finish).off('close', finish);
        resolve();
      };
      this.#response.once('drain', finish).once('close', finish);
    });
  }

  #cut(): void {
    this.#options.onCut?.(this.#response.writableLength);
    this.#response.destroy();
  }

  #stopWaiting(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }
}
