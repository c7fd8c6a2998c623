import type { SeededSource } from '../seeded-source.js';
import type { Endpoint } from './endpoints.js';
import { type FaultRule, targets } from './fault.js';
import { faultRow, type KindOf, type Stage } from './fault-table.js';

export interface ActiveFault {
  readonly id: string;
  readonly rule: FaultRule;
  /** How often it may still strike; null for ever. */
  left: number | null;
  struck: number;
}

/** A rule that strikes now. */
export type Strike<Wanted extends Stage, At extends Endpoint = Endpoint> = FaultRule & {
  readonly kind: KindOf<Wanted, At>;
};

/** Rules that have struck for the last time are still listed, but no more of them than this. */
const SPENT_MOST = 1_000;

/** The faults that are switched on, in the order in which they were: the first one that fits strikes. */
export class FaultBoard {
  #faults: ActiveFault[] = [];
  #made = 0;

  constructor(private readonly source: SeededSource) {}

  all(): readonly ActiveFault[] {
    return this.#faults;
  }

  add(rule: FaultRule): ActiveFault {
    this.#made += 1;
    const fault: ActiveFault = { id: `fault_${this.#made}`, rule, left: rule.count ?? null, struck: 0 };
    this.#faults.push(fault);
    this.#forgetOldestSpent();
    return fault;
  }

  /** All of them, or the one with this id. */
  remove(id?: string): number {
    const before = this.#faults.length;
    this.#faults = id === undefined ? [] : this.#faults.filter((fault) => fault.id !== id);
    return before - this.#faults.length;
  }

  /** The fault that strikes this request at this stage, which uses it up by one. */
  take<Wanted extends Stage, At extends Endpoint>(
    stage: Wanted,
    endpoint: At,
    account: string | undefined,
  ): Strike<Wanted, At> | undefined {
    const fault = this.#faults.find((candidate) => {
      const isOfStage = faultRow(candidate.rule.kind).stage === stage;
      return isOfStage && isFor(candidate, endpoint, account) && this.#strikes(candidate.rule);
    });
    if (fault === undefined) return undefined;
    fault.struck += 1;
    if (fault.left !== null) fault.left -= 1;
    // What it found is of this stage and for this endpoint, which is all that the narrower type says.
    return fault.rule as Strike<Wanted, At>;
  }

  #forgetOldestSpent(): void {
    if (this.#faults.length <= SPENT_MOST) return;
    let spare = this.#faults.filter(({ left }) => left === 0).length - SPENT_MOST;
    this.#faults = this.#faults.filter(({ left }) => {
      const isSpare = left === 0 && spare > 0;
      if (isSpare) spare -= 1;
      return !isSpare;
    });
  }

  #strikes({ probability }: FaultRule): boolean {
    return probability === 1 || this.source.number('fault') < probability;
  }
}

function isFor({ rule, left }: ActiveFault, endpoint: Endpoint, account: string | undefined): boolean {
  if (left === 0) return false;
  if (rule.account !== undefined && rule.account !== account) return false;
  return targets(rule).includes(endpoint);
}
