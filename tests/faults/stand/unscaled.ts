/**
 * The times of the design as they are, which no scaled run shows: one answer that never comes, and one submit that never arrives. It takes
 * some two minutes, nearly all of them waiting, so it runs beside something else.
 */
import { defaultSettings } from '@reelay/contracts/settings';
import { waitFor } from '@reelay/testing/wait-for';
import { Stack } from '../../support/stack.js';

export const times = {
  timeoutMs: defaultSettings['submit.timeoutMs'],
  settleMs: defaultSettings['reconcile.settleMs'],
};
/** How much longer than its times a reconciliation may take. */
export const graceMs = 60_000;

export interface UnscaledAttempt {
  state: string;
  /** Milliseconds from `sent` until the attempt was acknowledged or closed. */
  resolvedMs: number;
}

export interface Unscaled {
  attempts: UnscaledAttempt[];
  acceptedSubmits: number;
  state: string;
}

const faults = {
  'an answer that never comes': { kind: 'reply_hangs', endpoint: 'create', count: 1 },
  'a submit that never arrives': { kind: 'reset', endpoint: 'create', count: 1 },
} as const;
export type UnscaledFault = keyof typeof faults;

export async function runUnscaled(): Promise<Record<UnscaledFault, Unscaled>> {
  const stack = await Stack.start({ renderMs: 2_000 });
  try {
    const ids = new Map<UnscaledFault, string>();
    for (const name of Object.keys(faults) as UnscaledFault[]) ids.set(name, await createUnder(stack, name));
    const seen = await Promise.all([...ids].map(async ([name, id]) => [name, await followToTheEnd(stack, name, id)]));
    return Object.fromEntries(seen) as Record<UnscaledFault, Unscaled>;
  } finally {
    await stack.stop();
  }
}

/** Made once the fault before has met its own submit, so that each meets the one it is meant for. */
async function createUnder(stack: Stack, name: UnscaledFault): Promise<string> {
  await stack.simulator('faults', [faults[name]]);
  const { id } = await stack.client().videos.create({ model: 'sora2-landscape-10s', prompt: name });
  await waitFor(async () => (await stack.simulator<{ struck: number }[]>('faults')).every(({ struck }) => struck > 0), {
    timeoutMs: 60_000,
    describe: `${name} to strike`,
  });
  return id;
}

async function followToTheEnd(stack: Stack, prompt: string, id: string): Promise<Unscaled> {
  const find = () => stack.client().videos.retrieve(id);
  await waitFor(async () => ['completed', 'failed'].includes((await find()).status), {
    timeoutMs: times.timeoutMs + times.settleMs + 2 * graceMs,
    intervalMs: 500,
    describe: `${prompt} to be made up for`,
  });
  const attempts = await stack.sql<UnscaledAttempt>(
    `SELECT submit_attempt.state, (extract(epoch FROM coalesce(acked_at, closed_at) - sent_at) * 1000)::float AS "resolvedMs"
     FROM submit_attempt JOIN generation ON generation.id = generation_id
     WHERE request->>'prompt' = $1 AND sent_at IS NOT NULL ORDER BY n`,
    [prompt],
  );
  return { attempts, acceptedSubmits: (await stack.submitsOf(prompt)).length, state: (await find()).status };
}
