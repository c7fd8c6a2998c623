/** Works batches off in portions. Any number of replicas may do this at once; what one leaves behind when it dies, another takes up. */
import { claimRows, releaseRows } from '@reelay/db/batches/claim-rows';
import { findRunningBatches, type RunningBatch } from '@reelay/db/batches/find-batch';
import {
  closeBatch,
  deleteOldBatches,
  eraseLeftPayloads,
  failAbandoned,
  finishRows,
} from '@reelay/db/batches/finish-rows';
import { isOutage } from '@reelay/db/outage';
import { newUlid } from '@reelay/platform/ulid';
import { importOffline } from '../import/import-offline.js';
import { oneAtATime } from '../one-at-a-time.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { runRow } from './run-row.js';
import { settleRow } from './settle-row.js';

/** At once in this process; the newer ones wait. Imports leave room, for they are long. */
const batchesAtOnce = 4;
const importsAtOnce = 2;
/** Rows that need no upstream are done together. */
const offlinePortion = 200;
/** Longer than a whole portion takes in the worst case: only a dead process is overtaken. */
const leaseMs = 5 * 60_000;
const idleUploadMs = 10 * 60_000;
const uploadBroke =
  'The upload was not finished: the connection broke, or the token-manager was stopped. Upload the file again.';
const dayMs = 24 * 3_600_000;

export class BatchRunner {
  readonly #parts: TokenManagerParts;
  readonly #signal: AbortSignal;
  readonly #active = new Map<string, { batch: RunningBatch; work: Promise<void> }>();
  readonly #scan = oneAtATime(() => this.#takeUp());

  constructor(parts: TokenManagerParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /** Takes up what can be taken up now, and does not wait for its end. */
  async scan(): Promise<void> {
    await this.#scan();
  }

  /** There is a new batch. */
  touch(): void {
    this.#scan().catch((error: unknown) => this.#parts.log.debug({ error }, 'batches not looked for, a timer does'));
  }

  /** What needs no hurry. */
  async tidy(): Promise<void> {
    const { database, settings } = this.#parts;
    await failAbandoned(database, { idleMs: idleUploadMs, error: uploadBroke });
    await eraseLeftPayloads(database);
    await deleteOldBatches(database, (await settings.read())['batch.keepDays'] * dayMs);
  }

  /** Resolves when the rows that are being worked on are done; no other is begun once the signal is aborted. */
  async settle(): Promise<void> {
    await Promise.all([...this.#active.values()].map(({ work }) => work));
  }

  async #takeUp(): Promise<void> {
    for (const batch of await findRunningBatches(this.#parts.database, 100)) {
      if (this.#signal.aborted) return;
      if (this.#active.has(batch.id) || !this.#hasRoomFor(batch)) continue;
      this.#active.set(batch.id, { batch, work: this.#watch(batch) });
    }
  }

  #hasRoomFor({ kind }: RunningBatch): boolean {
    const imports = [...this.#active.values()].filter(({ batch }) => batch.kind === 'import').length;
    return this.#active.size < batchesAtOnce && (kind !== 'import' || imports < importsAtOnce);
  }

  async #watch(batch: RunningBatch): Promise<void> {
    const { log } = this.#parts;
    let isClosed = false;
    try {
      isClosed = await this.#workOff(batch);
    } catch (error) {
      log[isOutage(error) ? 'warn' : 'error']({ error, batchId: batch.id }, 'batch interrupted, it is taken up again');
    }
    this.#active.delete(batch.id);
    // Where rows are left, others have them, or had: the timer looks again.
    if (isClosed) this.touch();
  }

  /** True when this process did the last of it. */
  async #workOff(batch: RunningBatch): Promise<boolean> {
    const { database, log, lanes, queues } = this.#parts;
    // Lanes are counted by a timer too: with ten thousand accounts coming in, counting after every portion would cost more than they do.
    while (!this.#signal.aborted && (await this.#doPortion(batch)) > 0);
    if (!(await closeBatch(database, batch.id))) return false;
    log.info({ batchId: batch.id, kind: batch.kind }, 'batch done');
    lanes.touch();
    await queues.enqueue('dispatch', {});
    return true;
  }

  /** Returns how many rows it took. */
  async #doPortion(batch: RunningBatch): Promise<number> {
    const { database, settings } = this.#parts;
    const claim = newUlid();
    const concurrency = (await settings.read())['batch.concurrency'];
    const isOffline = batch.kind === 'import' && (batch.options.mode === 'offline' || batch.options.dryRun === true);
    const limit = isOffline ? offlinePortion : concurrency * 2;
    const rows = await claimRows(database, { batchId: batch.id, claim, limit, leaseMs });
    if (rows.length === 0) return 0;
    try {
      if (isOffline) {
        const results = await importOffline(this.#parts, batch, rows);
        await finishRows(database, { batchId: batch.id, claim, results });
        return rows.length;
      }
      const waiting = [...rows];
      const worker = async () => {
        for (let row = waiting.shift(); row && !this.#signal.aborted; row = waiting.shift()) {
          const done = await runRow(this.#parts, batch, row, claim);
          await settleRow(this.#parts, { batchId: batch.id, claim, row, done });
        }
      };
      await allToTheirEnd(Array.from({ length: concurrency }, worker));
      return rows.length;
    } finally {
      // Those that were not begun; the others have their verdict.
      await releaseRows(database, batch.id, claim).catch((error: unknown) => {
        this.#parts.log.debug({ error, batchId: batch.id }, 'rows not given back, their claim ends by itself');
      });
    }
  }
}

/** A failure is told only when nothing runs any more, so that rows are not given back under the hands of those who work on them. */
async function allToTheirEnd(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
