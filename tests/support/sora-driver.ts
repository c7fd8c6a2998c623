/** The real Sora provider, taken step by step through requests as the worker does, with nothing behind it: no rows, no queues. */
import { randomUUID } from 'node:crypto';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type {
  Json,
  LitterNote,
  Operation,
  PollOutcome,
  PollResult,
  StepPlan,
  SubmitContext,
  Submitted,
} from '@reelay/contracts/provider';
import { simulatorTarget } from '@reelay/contracts/provider-declarations';
import { defaultSettings } from '@reelay/contracts/settings';
import { HttpClient } from '@reelay/platform/http-client';
import { createSolver } from '@reelay/pow/solver';
import { createProviders } from '@reelay/providers/registry';
import { waitFor } from '@reelay/testing/wait-for';
import { type SimulatedAccount, SimulatorProcess } from './simulator.js';

/** One step of a run, as far as it came. */
export interface DrivenStep {
  plan: StepPlan;
  prepared: Json;
  submitted: Submitted;
}

/** A request that was taken to its end. */
export interface Run {
  steps: DrivenStep[];
  outcome: Extract<PollOutcome, { state: 'done' | 'refused' }>;
  litter: LitterNote[];
}

/** Where in its way a step stands, and what is unusual about its calls. */
export interface StepOptions {
  step?: number;
  carried?: Json;
  changes?: Partial<SubmitContext>;
}

const tokenId = '01KCXVNG92FVKA5X9R15F3ATGD';

export class SoraDriver {
  readonly provider = createProviders().get('sora')!;
  /** Bytes of references, by asset id. */
  readonly references = new Map<string, Uint8Array>();
  /** Whose calls they are. */
  account!: SimulatedAccount;
  /** As the worker hands them over: without the provider's prefix, a switch as 1 or 0. */
  settings: Record<string, number> = {};
  readonly #solver = createSolver({ threads: 1 });
  readonly #http = new HttpClient();

  private constructor(readonly simulator: SimulatorProcess) {}

  static async start(seed: string): Promise<SoraDriver> {
    return new SoraDriver(await SimulatorProcess.start({ SIMULATOR_RENDER_MS: '150', SIMULATOR_SEED: seed }));
  }

  async stop(): Promise<void> {
    await this.#http.close();
    await this.#solver.close();
    await this.simulator.stop();
  }

  /** Everything as at the start, and a simulator that is quick. */
  async reset(): Promise<void> {
    await this.simulator.post('reset');
    await this.simulator.post('speed', { queueMs: 30, gapMs: 50, difficulty: '00ffff' });
    await this.use('plus@simulator.test');
    this.references.clear();
    this.settings = defaultsOfSora();
  }

  async use(email: string): Promise<SimulatedAccount> {
    const account = (await this.simulator.accounts()).find((candidate) => candidate.email === email);
    if (!account) throw new Error(`the simulator has no account ${email}`);
    this.account = account;
    return account;
  }

  context(changes: Partial<SubmitContext> = {}): SubmitContext {
    return {
      fetch: this.#http.createFetch(),
      target: simulatorTarget(this.simulator.url),
      credential: { tokenId, accessToken: this.account.accessToken, version: 1 },
      signal: new AbortController().signal,
      now: Date.now,
      random: Math.random,
      uuid: randomUUID,
      solver: this.#solver,
      settings: this.settings,
      step: 1,
      carried: null,
      readReference: async (assetId) => {
        const bytes = this.references.get(assetId);
        if (!bytes) throw new Error(`no bytes of ${assetId}: put them into the driver's references`);
        return bytes;
      },
      beforeSend: async () => ({ commitStartedAt: performance.now(), freshMs: 5_000 }),
      submitTimeoutMs: 3_000,
      ...changes,
    };
  }

  prepare(request: GenerationRequest, { step = 1, carried = null, changes }: StepOptions = {}): Promise<Json> {
    return this.provider.prepare(request, this.context({ step, carried, ...changes })).then(stored);
  }

  /** Everything of a step up to the answer; what was prepared is stored first. */
  async submitStep(request: GenerationRequest, options: StepOptions = {}): Promise<DrivenStep> {
    const plan = this.provider.plan(request, options.step ?? 1);
    const prepared = await this.prepare(request, options);
    return { plan, prepared, submitted: await this.submit(request, prepared, options) };
  }

  /** One submit, and whether it asked exactly once for permission to send. */
  async submit(request: GenerationRequest, prepared: Json, options: StepOptions = {}): Promise<Submitted> {
    const { step = 1, carried = null, changes } = options;
    const context = this.context({ step, carried, ...changes });
    let asked = 0;
    const beforeSend: SubmitContext['beforeSend'] = () => {
      asked += 1;
      return context.beforeSend();
    };
    const submitted = await this.provider.submit(request, prepared, { ...context, beforeSend });
    if (asked !== 1) throw new Error(`the submit asked ${asked} times for permission to send`);
    return stored(submitted);
  }

  async poll(operations: readonly Operation[]): Promise<PollResult> {
    return this.provider.poll(operations, this.context());
  }

  async pollOne(operation: Operation): Promise<PollOutcome> {
    const { outcomes, failures } = await this.poll([operation]);
    if (failures.length > 0) throw failures[0];
    return stored(outcomes.get(operation.id)!);
  }

  /** The first outcome that is more than "not yet". */
  async outcomeOf(operation: Operation): Promise<Exclude<PollOutcome, { state: 'pending' }>> {
    const ended: Exclude<PollOutcome, { state: 'pending' }>[] = [];
    const hasEnded = async () => {
      const outcome = await this.pollOne(operation);
      if (outcome.state !== 'pending') ended.push(outcome);
      return ended.length > 0;
    };
    await waitFor(hasEnded, { timeoutMs: 10_000, describe: `the end of ${operation.id}` });
    return ended[0]!;
  }

  /** Step after step to the end. What is left upstream stays there, as with the worker, until `cleanUp`. */
  async run(request: GenerationRequest): Promise<Run> {
    const steps: DrivenStep[] = [];
    let carried: Json = null;
    for (let step = 1; ; step += 1) {
      const driven = await this.submitStep(request, { step, carried });
      steps.push(driven);
      const outcome = await this.outcomeOf(driven.submitted.operation);
      if (outcome.state !== 'next')
        return { steps, outcome, litter: steps.flatMap(({ submitted }) => submitted.litter ?? []) };
      carried = outcome.carried;
    }
  }

  async cleanUp(litter: readonly LitterNote[]): Promise<void> {
    for (const note of litter) await this.provider.cleanUp(stored(note), this.context());
  }
}

/** Every step may be taken up by another process: what it is handed comes out of a row. */
function stored<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

function defaultsOfSora(): Record<string, number> {
  const entries = Object.entries(defaultSettings).filter(([key]) => key.startsWith('sora.'));
  return Object.fromEntries(entries.map(([key, value]) => [key.slice('sora.'.length), Number(value)]));
}
