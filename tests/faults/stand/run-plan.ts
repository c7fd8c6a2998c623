/** One run: clients keep generations in flight while one step of faults after the other strikes; then everything comes to its end. */

import { hashApiKey } from '@reelay/platform/keys';
import { waitFor } from '@reelay/testing/wait-for';
import { type Fault, NotReached, pause } from '../catalogue/fault.js';
import type { History } from '../judge/history.js';
import { Client, type Owner, type Sort } from './client.js';
import { conclude, settle } from './conclude.js';
import { Record } from './record.js';
import { sample } from './sampler.js';
import type { Stand } from './stand.js';

/** Faults that strike together, and how long they last. */
export interface Step {
  faults: readonly Fault[];
  holdMs: number;
  /** Quiet after it. */
  restMs: number;
  /** The next ones do not wait for it. */
  isBehind?: boolean;
}

export interface Plan {
  name: string;
  steps: readonly Step[];
  inFlight: number;
  /** Made at least, also when the faults are over sooner. */
  generations: number;
}

const sorts: readonly Sort[] = [
  ...(['video', 'video', 'video', 'streamed video', 'image in a chat', 'video'] as const),
  ...(['cancelled video', 'video', 'streamed video', 'deleted video', 'video', 'image in a chat'] as const),
];

export async function runPlan(stand: Stand, plan: Plan): Promise<History> {
  const record = new Record();
  const over = new AbortController();
  const calledOff = new AbortController();
  const owners = await makeOwners(stand);
  const sampling = sample(stand, record.samples, over.signal);
  const traffic = new Traffic(stand, plan, record, owners, calledOff.signal);
  try {
    const making = traffic.begin();
    await Promise.race([strike(stand, plan, record), making]);
    traffic.enough();
    await making;
    await settle(stand);
    return await conclude(stand, record, owners);
  } finally {
    over.abort();
    calledOff.abort();
    await sampling;
  }
}

async function strike(stand: Stand, plan: Plan, record: Record): Promise<void> {
  const behind: Promise<void>[] = [];
  for (const [done, step] of plan.steps.entries()) {
    const striking = strikeOnce(stand, step, record).catch((error: Error) => {
      throw new Error(`step ${done + 1} of "${plan.name}": ${error.message}`);
    });
    if (step.isBehind) behind.push(striking);
    // One behind that fails ends the run, too.
    await Promise.race([step.isBehind ? pause(step.restMs) : striking, ...behind.map(failureOf)]);
    await healAccounts(stand);
  }
  await Promise.all(behind);
}

/** Never resolves. */
function failureOf(work: Promise<void>): Promise<never> {
  return new Promise((_resolve, reject) => work.catch(reject));
}

async function strikeOnce(stand: Stand, { faults, holdMs, restMs }: Step, record: Record): Promise<void> {
  await Promise.all(
    faults.map(async (fault) => {
      // Another fault may have kept everybody away: what met nobody is tried once more, so that a run has as many as it was asked for.
      if (!(await injectOnce(stand, fault, holdMs, record))) await injectOnce(stand, fault, holdMs, record);
    }),
  );
  await pause(restMs);
}

/** False where it met nobody. */
async function injectOnce(stand: Stand, { name, inject }: Fault, holdMs: number, record: Record): Promise<boolean> {
  const from = Date.now();
  try {
    const healedAt = await inject(stand, holdMs);
    record.faults.push({ name, from, to: healedAt ?? Date.now() });
    return true;
  } catch (error) {
    if (error instanceof NotReached) return false;
    throw new Error(`fault "${name}": ${(error as Error).message}`);
  }
}

/** What an operator does: an account whose credential is spent is added again. */
async function healAccounts(stand: Stand): Promise<void> {
  const spent = await stand
    .sql<{ identity: string }>(`SELECT identity FROM token WHERE state = 'needs_attention'`)
    .catch(() => []);
  for (const { identity } of spent) await stand.addAccount(identity).catch(() => {});
}

/** Several clients of two owners, each making one generation after the other. */
class Traffic {
  #isEnough = false;
  #made = 0;
  readonly #stand: Stand;
  readonly #plan: Plan;
  readonly #clients: readonly Client[];

  constructor(stand: Stand, plan: Plan, record: Record, owners: readonly Owner[], signal: AbortSignal) {
    this.#stand = stand;
    this.#plan = plan;
    this.#clients = owners.map((owner) => new Client(stand, owner, record, signal));
  }

  /** Resolves when enough was asked for and everything asked for has come to its end. */
  async begin(): Promise<void> {
    await Promise.all(Array.from({ length: this.#plan.inFlight }, (_, no) => this.#keepMaking(no)));
  }

  enough(): void {
    this.#isEnough = true;
  }

  async #keepMaking(no: number): Promise<void> {
    const client = this.#clients[no % this.#clients.length] as Client;
    const other = this.#clients[(no + 1) % this.#clients.length] as Client;
    while (!this.#isEnough || this.#made < this.#plan.generations) {
      const nth = this.#made;
      this.#made += 1;
      const sort = sorts[nth % sorts.length] as Sort;
      const prompt = `${this.#plan.name} number ${nth}`;
      if ((await client.make(prompt, sort)) === undefined) return;
      if (nth % 7 === 0) await this.#trespass(other, prompt);
    }
  }

  async #trespass(stranger: Client, prompt: string): Promise<void> {
    const [row] = await this.#stand
      .sql<{ id: string }>(`SELECT id FROM generation WHERE request->>'prompt' = $1`, [prompt])
      .catch(() => []);
    if (row) await stranger.trespass(row.id);
  }
}

async function makeOwners(stand: Stand): Promise<Owner[]> {
  const second = {
    name: 'second',
    apiKey: `rly_${'second-owner-of-the-fault-tests-'}${stand.keys.WEB_KEY.slice(0, 12)}`,
  };
  await stand.sql(`INSERT INTO owner (id, name) VALUES ('second', 'second') ON CONFLICT DO NOTHING`);
  await stand.sql(
    `INSERT INTO api_key (id, owner_id, name, prefix, mac) VALUES ('second', 'second', 'second', 'rly_second', decode($1, 'hex'))
     ON CONFLICT DO NOTHING`,
    [hashApiKey(stand.keys.WEB_KEY, second.apiKey)],
  );
  const first = { name: 'default', apiKey: stand.keys.API_KEY };
  for (const owner of [first, second]) {
    await waitFor(async () => (await modelsAs(stand, owner)) === 200, {
      timeoutMs: 30_000,
      describe: `the key of ${owner.name} to be known`,
    });
  }
  return [first, second];
}

async function modelsAs(stand: Stand, { apiKey }: Owner): Promise<number> {
  return fetch(`${stand.gatewayUrl}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })
    .then(async (response) => {
      await response.text();
      return response.status;
    })
    .catch(() => 0);
}
