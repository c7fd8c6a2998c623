/** Rounds of assignment: free slots take the next waiting rows, lane by lane. Any number of replicas may do this at once. */
import { slotKindOf } from '@reelay/contracts/domain';
import { type Lane, parseLane } from '@reelay/contracts/lane';
import { providerDeclarations } from '@reelay/contracts/provider-declarations';
import { assignLane } from '@reelay/db/assign/assign-lane';
import type { NextRow } from '@reelay/db/assign/find-next-rows';
import { findWaitingLanes, type WaitingLane } from '@reelay/db/assign/find-waiting-lanes';
import { slotLimitsOf } from '@reelay/db/assign/slot-limits';
import type { Assignment } from '@reelay/db/assign/take-slots';
import type { KnownTargets } from '@reelay/db/assign/token-filter';
import type { Database } from '@reelay/db/client';
import { isOutage } from '@reelay/db/outage';
import type { SettingsReader } from '@reelay/db/settings';
import { crashPoint } from '@reelay/platform/crash-point';
import type { Logger } from '@reelay/platform/logger';
import type { Queues } from '@reelay/platform/queues';
import { newUlid } from '@reelay/platform/ulid';
import { oneAtATime } from '../one-at-a-time.js';
import { leaveOutBusy } from './leave-out-busy.js';
import { Turns } from './turns.js';

export interface AssignerOptions {
  database: Database;
  settings: SettingsReader;
  queues: Pick<Queues, 'enqueueMany'>;
  targets: KnownTargets;
  /** Told after a round in which something waited. */
  onRound: () => void;
  log: Logger;
  /** No further batch is begun once it is aborted. */
  signal: AbortSignal;
}

const batchSize = 50;

export class Assigner {
  readonly #options: AssignerOptions;
  readonly #turns = new Turns();
  readonly #run = oneAtATime(() => this.#round());

  constructor(options: AssignerOptions) {
    this.#options = options;
  }

  /** Resolves with the number of rows assigned when everything that could be given out after this call has been. */
  async assign(): Promise<number> {
    return this.#run();
  }

  async #round(): Promise<number> {
    const { database, signal, onRound } = this.#options;
    const lanes = await findWaitingLanes(database);
    let assigned = 0;
    for (const { lane } of this.#inOrder(await leaveOutBusy(database, lanes))) {
      if (signal.aborted) break;
      assigned += await this.#tryLane(lane);
    }
    if (lanes.length > 0) onRound();
    return assigned;
  }

  /** Lanes share accounts: the one that was served the longest ago goes first, so that a long queue in one does not starve another. */
  #inOrder(lanes: readonly WaitingLane[]): WaitingLane[] {
    return [...lanes].sort(
      (left, right) =>
        right.priority - left.priority ||
        this.#turns.ofLane(left.lane) - this.#turns.ofLane(right.lane) ||
        left.since.getTime() - right.since.getTime(),
    );
  }

  /** What is wrong with one lane must not stop the others. */
  async #tryLane(key: string): Promise<number> {
    try {
      return await this.#assignLane(key, parseLane(key));
    } catch (error) {
      if (isOutage(error)) throw error;
      this.#options.log.error({ error, lane: key }, 'lane not assigned');
      return 0;
    }
  }

  async #assignLane(key: string, lane: Lane): Promise<number> {
    const { database, settings, targets, signal } = this.#options;
    if (!providerDeclarations.some(({ id }) => id === lane.provider)) return 0;
    const slotKind = slotKindOf(lane.kind);
    const current = await settings.read();
    const limits = slotLimitsOf(current, slotKind);
    const bells: Promise<unknown>[] = [];
    const assigned = await assignLane(database, {
      ...{ lane, slotKind, targets, batchSize, signal, newId: () => newUlid(), ...limits },
      strategy: current['assign.strategy'],
      turns: () => this.#turns.ofKeys(),
      onAssigned: (assignments, rows) => bells.push(this.#announce(key, assignments, rows)),
    });
    await Promise.all(bells);
    return assigned;
  }

  /** The rows are committed: a `run` job that Redis does not take is made from them by the worker's repair. */
  async #announce(lane: string, assignments: readonly Assignment[], rows: readonly NextRow[]): Promise<void> {
    const { queues, log } = this.#options;
    crashPoint('assign.before-bell');
    this.#turns.note(
      lane,
      rows.map(({ apiKeyId }) => apiKeyId),
    );
    for (const { generationId, tokenId } of assignments) log.info({ generationId, tokenId, lane }, 'assigned');
    await queues.enqueueMany(
      'run',
      assignments.map(({ generationId }) => ({ generationId })),
    );
  }
}
