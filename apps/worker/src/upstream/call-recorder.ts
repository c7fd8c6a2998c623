/** Rows of `upstream_call`, written in portions beside the work: best effort, never waited for, never the reason of a failure. */
import type { Database } from '@reelay/db/client';
import { insertCalls, type UpstreamCall } from '@reelay/db/upstream-calls/insert-calls';
import type { CallRecord } from '@reelay/platform/call-record';
import type { Logger } from '@reelay/platform/logger';

export interface CallSubject {
  readonly tokenId: string;
  readonly generationId?: string;
  readonly attemptId?: string;
  /** The call of the provider port it is made in. */
  readonly operation: string;
}

const writeEveryMs = 500;
const portion = 200;
/** With the database away for long, the newest calls are dropped rather than memory filled. */
const mostWaiting = 2_000;

export class CallRecorder {
  readonly #database: Database;
  readonly #log: Logger;
  #waiting: UpstreamCall[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;

  constructor(database: Database, log: Logger) {
    this.#database = database;
    this.#log = log;
  }

  record(subject: CallSubject, call: CallRecord): void {
    if (this.#waiting.length >= mostWaiting) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(toRow(subject, call));
    this.#timer ??= setTimeout(() => void this.flush(), writeEveryMs).unref();
  }

  /** Writes what waits; what cannot be written is given up. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = this.#waiting;
    this.#waiting = [];
    try {
      for (let start = 0; start < rows.length; start += portion) {
        await insertCalls(this.#database, rows.slice(start, start + portion));
      }
    } catch (error) {
      this.#dropped += rows.length;
      this.#log.debug({ error }, 'upstream calls not recorded');
    }
    if (this.#dropped > 0) this.#log.warn({ dropped: this.#dropped }, 'records of upstream calls were dropped');
    this.#dropped = 0;
  }
}

function toRow(subject: CallSubject, call: CallRecord): UpstreamCall {
  return {
    ...subject,
    method: call.method,
    url: call.url,
    durationMs: call.durationMs,
    createdAt: call.startedAt,
    request: JSON.stringify({ headers: call.requestHeaders, body: call.requestBody }),
    ...(call.status !== undefined && {
      status: call.status,
      response: JSON.stringify({ headers: call.responseHeaders, body: call.responseBody }),
    }),
    ...(call.error !== undefined && { error: call.error }),
  };
}
