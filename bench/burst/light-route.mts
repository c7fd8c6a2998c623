import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../overload/client.mts';

export interface LightAnswers {
  /** Durations of the good ones. */
  tookMs: number[];
  /** What the others said. */
  failures: string[];
}

/** `GET /v1/models`, once every so many milliseconds whatever became of those before, until the signal. */
export async function askMeanwhile(client: Client, everyMs: number, signal: AbortSignal): Promise<LightAnswers> {
  const answers: LightAnswers = { tookMs: [], failures: [] };
  const underway: Promise<void>[] = [];
  const ask = async (dueAt: number) => {
    try {
      const { status, body } = await client.get('/v1/models');
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      // From when it was due: what keeps this process from sending in time keeps a client waiting all the same.
      answers.tookMs.push(performance.now() - dueAt);
    } catch (error) {
      answers.failures.push(`GET /v1/models: ${(error as Error).message}`);
    }
  };
  for (let dueAt = performance.now(); !signal.aborted; dueAt += everyMs) {
    await delay(Math.max(0, dueAt - performance.now()), undefined, { signal }).catch(() => {});
    if (!signal.aborted) underway.push(ask(dueAt));
  }
  await Promise.all(underway);
  return answers;
}
