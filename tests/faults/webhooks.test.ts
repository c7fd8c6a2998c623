/** Events to receivers while workers are killed and Redis forgets everything: each comes at least once, under one id, and well signed. */
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI from 'openai';
import type { Stand as StandType } from './stand/stand.js';
import { Stand } from './stand/stand.js';

let stand: StandType;
let server: Server;
let client: OpenAI;
let secret: string;
let received: { headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  stand = await Stand.start({
    renderMs: 500,
    env: { FETCH_ALLOW: place },
    settings: { 'webhook.timeoutMs': 2_000, 'webhook.retryMs': 500, 'timer.webhookMs': 200 },
  });
  client = new OpenAI({ baseURL: `${stand.gatewayUrl}/v1`, apiKey: stand.keys.API_KEY });
  const made = await client.webhooks.create({ name: 'n', url: `http://${place}/`, event_types: ['video.completed'] });
  secret = made.signing_secret;
}, 180_000);
afterAll(async () => {
  await stand?.stop();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  received = [];
});

const createVideo = async (prompt: string) => (await client.videos.create({ prompt })).id;

/** The video each event is about, and under which id it came. */
async function eventsReceived(): Promise<{ video: string; id: string }[]> {
  return Promise.all(
    received.map(async ({ headers, body }) => {
      const { id, data } = await client.webhooks.unwrap(body, headers as Record<string, string>, secret);
      return { id, video: (data as { id: string }).id };
    }),
  );
}

async function untilDelivered(videos: readonly string[]): Promise<void> {
  const left = async () => {
    const [row] = await stand.sql<{ count: string }>(
      `SELECT count(*) FROM webhook_delivery WHERE state = 'succeeded' AND data ->> 'id' = ANY($1)`,
      [videos],
    );
    return videos.length - Number(row?.count);
  };
  let last = videos.length;
  await waitFor(
    async () => {
      last = await left();
      return last === 0;
    },
    { timeoutMs: 100_000, intervalMs: 100, describe: () => `${last} of ${videos.length} events to be taken` },
  );
}

test('a worker killed after its receiver took the event: another sends it again, under the same id', async () => {
  writeFileSync(path.join(stand.trapDir, 'webhook.after-sent'), 'kill');
  const video = await createVideo('told of twice');
  await untilDelivered([video]);
  expect(existsSync(path.join(stand.trapDir, 'webhook.after-sent'))).toBe(false);
  const events = await eventsReceived();
  expect(events.length).toBeGreaterThan(1);
  expect(events).toEqual(events.map(() => ({ video, id: events[0]?.id })));
}, 150_000);

test('both workers killed and Redis emptied in between: every video is told of, and none under two ids', async () => {
  const videos = await Promise.all(Array.from({ length: 8 }, (_, index) => createVideo(`told of ${index}`)));
  await waitFor(() => received.length > 0, { timeoutMs: 60_000, describe: 'the first event' });
  await Promise.all([stand.app('worker-1').replace(), stand.app('worker-2').replace()]);
  await stand.redis((redis) => redis.flushall());
  await untilDelivered(videos);
  const events = await eventsReceived();
  expect([...new Set(events.map(({ video }) => video))].sort()).toEqual([...videos].sort());
  expect(new Set(events.map(({ id }) => id)).size).toBe(videos.length);
}, 180_000);
