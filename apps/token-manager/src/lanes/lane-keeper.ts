/** Keeps `lane_state`: what the gateway tells clients about a model without asking anybody. */
import { slotKindOf } from '@reelay/contracts/domain';
import { type Lane, laneKey, parseLane } from '@reelay/contracts/lane';
import { laneOfModel, models } from '@reelay/contracts/models';
import { findWaitingLanes } from '@reelay/db/assign/find-waiting-lanes';
import { slotLimitsOf } from '@reelay/db/assign/slot-limits';
import type { KnownTargets } from '@reelay/db/assign/token-filter';
import type { Database } from '@reelay/db/client';
import { describeLane } from '@reelay/db/lanes/describe-lane';
import type { LaneState } from '@reelay/db/lanes/list-lane-states';
import { storeLaneStates } from '@reelay/db/lanes/store-lane-states';
import { surveyLane } from '@reelay/db/lanes/survey-lane';
import type { SettingsReader } from '@reelay/db/settings';
import type { Logger } from '@reelay/platform/logger';
import { oneAtATime } from '../one-at-a-time.js';

export interface LaneKeeperOptions {
  database: Database;
  settings: SettingsReader;
  targets: KnownTargets;
  log: Logger;
}

/** Assignment rounds come in bursts; their effect is counted at most this often. */
const leastGapMs = 1_000;

/** There may be thousands of these; a state that nobody writes for a minute is forgotten. */
const pinnedAtOnce = 50;

export class LaneKeeper {
  readonly #options: LaneKeeperOptions;
  readonly #run = oneAtATime(() => this.#survey());
  #timer: NodeJS.Timeout | undefined;
  #lastRunAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #nextPinned = 0;

  constructor(options: LaneKeeperOptions) {
    this.#options = options;
  }

  /** Resolves when states read after this call are stored. */
  async refresh(): Promise<void> {
    await this.#run();
  }

  /** Something may have changed: counted soon, once a second at most. */
  touch(): void {
    if (this.#timer || this.#isClosed) return;
    const waitMs = Math.max(0, this.#lastRunAt + leastGapMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run().catch((error: unknown) => this.#options.log.debug({ error }, 'lanes not counted'));
    }, waitMs).unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #survey(): Promise<void> {
    const { database, settings, targets } = this.#options;
    const current = await settings.read();
    const states: Omit<LaneState, 'updatedAt'>[] = [];
    for (const lane of await this.#knownLanes()) {
      const slotKind = slotKindOf(lane.kind);
      const limits = slotLimitsOf(current, slotKind);
      const survey = await surveyLane(database, { lane, slotKind, targets, ...limits });
      const { tokens, simulated, freeSlots, waiting, recoversAt, startEveryMs } = survey;
      const serving = tokens - survey.needAttention - survey.resting - survey.cutOff - survey.exhausted;
      const reason = describeLane(lane, survey);
      const counts = { tokens, simulated, serving, freeSlots, waiting };
      states.push({ lane: laneKey(lane), ...counts, reason, recoversAt, startEveryMs });
    }
    await storeLaneStates(database, states);
    this.#lastRunAt = performance.now();
  }

  /** Everything that could be asked for, whatever else is waiting, and of the lanes pinned to an account some at a time, in turn. */
  async #knownLanes(): Promise<Lane[]> {
    const waiting = await findWaitingLanes(this.#options.database);
    const keys = new Set([...models.map((model) => laneKey(laneOfModel(model))), ...waiting.map(({ lane }) => lane)]);
    const lanes = [...keys].flatMap((key) => findLane(key) ?? []);
    const pinned = lanes.filter(({ tokenId }) => tokenId !== undefined);
    const begin = this.#nextPinned < pinned.length ? this.#nextPinned : 0;
    this.#nextPinned = begin + pinnedAtOnce;
    return [...lanes.filter(({ tokenId }) => tokenId === undefined), ...pinned.slice(begin, begin + pinnedAtOnce)];
  }
}

/** A row written by another release may name a lane that this one cannot read; that must not blind it for the others. */
function findLane(key: string): Lane | undefined {
  try {
    return parseLane(key);
  } catch {
    return undefined;
  }
}
