import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import type { RunFile } from '../../tools/launcher/run-file.mts';
import { call } from '../call.mts';

export interface Done {
  what: string;
  count: number;
  failed: number;
}

type Work = (client: OpenAI, run: RunFile, no: number) => Promise<void>;
const model = 'sora2-landscape-10s';

/** What clients do, each as often as the others. */
const works: Record<string, Work> = {
  'video, fetched and deleted': async (client, _run, no) => {
    const { id } = await client.videos.create({ model, prompt: `a soaked boat ${no}` });
    await untilEnded(client, id);
    await (await client.videos.downloadContent(id)).arrayBuffer();
    await client.videos.delete(id);
  },
  'chat, streamed to the end': async (client, _run, no) => {
    const messages = [{ role: 'user' as const, content: `a soaked street ${no}` }];
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    let isAtEnd = false;
    for await (const chunk of stream) isAtEnd ||= chunk.choices[0]?.finish_reason === 'stop';
    if (!isAtEnd) throw new Error('the stream ended without an end');
  },
  'chat, client leaves': async (client, _run, no) => {
    const messages = [{ role: 'user' as const, content: `a soaked lamp ${no}` }];
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    for await (const _chunk of stream) break;
  },
  image: async (client, _run, no) => {
    const messages = [{ role: 'user' as const, content: `a soaked picture ${no}` }];
    await client.chat.completions.create({ model: 'gpt-image', messages });
  },
  'video, cancelled': async (client, run, no) => {
    const { id } = await client.videos.create({ model, prompt: `a soaked bridge ${no}` });
    await delay(no % 2_000);
    const response = await fetch(`${run.gatewayUrl}/v1/videos/${id}/cancel`, {
      method: 'POST',
      headers: { authorization: `Bearer ${run.apiKey}` },
    });
    await response.arrayBuffer();
    if (!response.ok && response.status !== 400) throw new Error(`cancel: ${response.status}`);
  },
  'refused requests and lists': async (client) => {
    await client.models.list();
    const refused = await client.videos.create({ model: 'no-such-model', prompt: 'x' }).catch(() => 'refused');
    if (refused !== 'refused') throw new Error('an unknown model was taken');
  },
};

/** Until the time is over; what has begun is ended. */
export async function runLoad(run: RunFile, { clients, endsAt }: { clients: number; endsAt: number }): Promise<Done[]> {
  const done = new Map(Object.keys(works).map((what) => [what, { what, count: 0, failed: 0 }]));
  const failures = new Map<string, number>();
  let no = 0;
  const one = async () => {
    const client = new OpenAI({ baseURL: `${run.gatewayUrl}/v1`, apiKey: run.apiKey, timeout: 180_000 });
    while (Date.now() < endsAt) {
      no += 1;
      const [what, work] = Object.entries(works)[no % Object.keys(works).length]!;
      const tally = done.get(what)!;
      tally.count += 1;
      await work(client, run, no).catch((error: Error) => {
        tally.failed += 1;
        const reason = `${what}: ${error.message}`.slice(0, 200);
        failures.set(reason, (failures.get(reason) ?? 0) + 1);
      });
    }
  };
  await Promise.all(Array.from({ length: clients }, one));
  for (const [reason, count] of [...failures].slice(0, 10)) console.log(`${count} × ${reason}`);
  return [...done.values()];
}

/** The simulator's accounts may make as much as the load wants, and the pool is told of it. */
export async function giveQuota(run: RunFile): Promise<void> {
  for (const name of ['free', 'plus', 'pro']) {
    await call(`${run.simulatorUrl}/_sim/accounts/${name}@simulator.test`, 'PATCH', {
      quota: { videos: 1_000_000 },
    });
  }
  const headers = { authorization: `Bearer ${run.adminKey}` };
  const { data } = (await call(`${run.gatewayUrl}/api/admin/tokens`, 'GET', undefined, headers)) as {
    data: { id: string }[];
  };
  for (const { id } of data) await call(`${run.gatewayUrl}/api/admin/tokens/${id}/test`, 'POST', undefined, headers);
}

async function untilEnded(client: OpenAI, id: string): Promise<void> {
  for (;;) {
    const { status, error } = await client.videos.retrieve(id);
    if (status === 'completed') return;
    if (status === 'failed') throw new Error(`failed: ${error?.message}`);
    await delay(300);
  }
}
