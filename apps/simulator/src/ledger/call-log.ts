import type { Clock } from '../clock.js';
import type { Endpoint } from '../faults/endpoints.js';

/** One call, as it came in and as it was answered. */
export interface Call {
  readonly at: number;
  readonly endpoint: Endpoint;
  /** Whom it seems to be about, by whatever token, cookie or link it came with. */
  readonly account: string | null;
  readonly source: string;
  readonly userAgent: string;
  /** Null as long as there is no answer, and for ever if the connection was cut instead. */
  status: number | null;
  /** The code of the refusal or the kind of the fault, if there was one. */
  refusal: string | null;
}

export interface CallFilter {
  readonly account?: string | undefined;
  readonly endpoint?: Endpoint | undefined;
  readonly since?: number | undefined;
}

/** What was called by whom, and how often what was refused: for tests that ask how much a client bothers its upstream. */
export class CallLog {
  #calls: Call[] = [];
  /** By account and name; counts go on when the calls themselves are forgotten. */
  readonly #counts = new Map<
    string,
    { account: string | null; name: string; kind: 'calls' | 'refusals'; count: number }
  >();

  constructor(
    private readonly now: Clock,
    private readonly keptMost: number,
  ) {}

  called(call: Pick<Call, 'endpoint' | 'account' | 'source' | 'userAgent'>): Call {
    const record: Call = { at: this.now(), ...call, status: null, refusal: null };
    this.#calls.push(record);
    if (this.#calls.length > this.keptMost * 1.1) this.#calls = this.#calls.slice(-this.keptMost);
    this.#count('calls', call.endpoint, call.account);
    return record;
  }

  /** `code` is the error code that was answered; faults and true refusals count alike. */
  refused(call: Call, code: string): void {
    call.refusal = code;
    this.#count('refusals', `${call.endpoint} ${code}`, call.account);
  }

  find({ account, endpoint, since = 0 }: CallFilter): Call[] {
    return this.#calls.filter(
      (call) =>
        (account === undefined || call.account === account) &&
        (endpoint === undefined || call.endpoint === endpoint) &&
        call.at >= since,
    );
  }

  counts(account?: string): { calls: Record<string, number>; refusals: Record<string, number> } {
    const counts = { calls: {} as Record<string, number>, refusals: {} as Record<string, number> };
    for (const { account: whose, name, kind, count } of this.#counts.values()) {
      if (account === undefined || whose === account) counts[kind][name] = (counts[kind][name] ?? 0) + count;
    }
    return counts;
  }

  reset(): void {
    this.#calls = [];
    this.#counts.clear();
  }

  #count(kind: 'calls' | 'refusals', name: string, account: string | null): void {
    const key = `${kind} ${account} ${name}`;
    const entry = this.#counts.get(key) ?? { account, name, kind, count: 0 };
    entry.count += 1;
    this.#counts.set(key, entry);
  }
}
