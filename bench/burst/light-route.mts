import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '../overload/client.mts';
import { runBare } from './run-bare.mts';

export interface LightAnswers {
  /** Durations of the good ones. */
  tookMs: number[];
  /** What the others said. */
  failures: string[];
}

/** The gateway's, and those of a bare server beside it, which has nothing to do but answer. */
export interface BothAnswers {
  ours: LightAnswers;
  bare: LightAnswers;
}

export interface LightRoute {
  /** Each of both once every so many milliseconds, whatever became of those before, until the signal. */
  askMeanwhile(everyMs: number, signal: AbortSignal): Promise<BothAnswers>;
  stop(): void;
}

const route = '/v1/models';

/** `GET /v1/models` with a key, and the same bytes from a bare server. @throws when that one does not answer the same */
export async function openLightRoute(gatewayUrl: string, apiKey: string): Promise<LightRoute> {
  const answer = await fetch(gatewayUrl + route, { headers: { authorization: `Bearer ${apiKey}` } });
  const body = await answer.text();
  if (answer.status !== 200) throw new Error(`GET ${route}: ${answer.status} ${body}`);
  const bare = await runBare(body);
  const [ourClient, bareClient] = [new Client(gatewayUrl, apiKey), new Client(bare.url, apiKey)];
  try {
    // Also the first request of each, which no time is taken of.
    assert.deepEqual((await bareClient.get(route)).body, (await ourClient.get(route)).body);
  } catch (error) {
    bare.stop();
    throw error;
  }
  return {
    async askMeanwhile(everyMs, signal) {
      const asking = ask('the gateway', ourClient, everyMs, signal);
      // In turn: due in the same moment, one would wait for the other in this process.
      await delay(everyMs / 2);
      const askingBare = ask('the bare server', bareClient, everyMs, signal);
      return { ours: await asking, bare: await askingBare };
    },
    stop: bare.stop,
  };
}

async function ask(name: string, client: Client, everyMs: number, signal: AbortSignal): Promise<LightAnswers> {
  const answers: LightAnswers = { tookMs: [], failures: [] };
  const underway: Promise<void>[] = [];
  const askOnce = async (dueAt: number) => {
    try {
      const { status, body } = await client.get(route);
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      // From when it was due: what keeps this process from sending in time keeps a client waiting all the same.
      answers.tookMs.push(performance.now() - dueAt);
    } catch (error) {
      answers.failures.push(`GET ${route} of ${name}: ${(error as Error).message}`);
    }
  };
  for (let dueAt = performance.now(); !signal.aborted; dueAt += everyMs) {
    await delay(Math.max(0, dueAt - performance.now()), undefined, { signal }).catch(() => {});
    if (!signal.aborted) underway.push(askOnce(dueAt));
  }
  await Promise.all(underway);
  return answers;
}
