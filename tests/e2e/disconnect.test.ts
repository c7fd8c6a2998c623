/** A client that goes away costs nothing: its generation goes on and waits to be fetched. */
import { probeMp4 } from '@reelay/testing/mp4';
import { waitFor } from '@reelay/testing/wait-for';
import { Stack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack?.stop());

test('a stream cut in the middle leaves a video that GET /v1/videos/{id} delivers', async () => {
  const client = stack.client();
  const prompt = 'a door that closes';
  const chat = await client.chat.completions.create({
    model: 'sora2-landscape-10s',
    messages: [{ role: 'user', content: prompt }],
    stream: true,
  });
  let id = '';
  for await (const chunk of chat) {
    id = chunk.id.replace('chatcmpl-', 'video_');
    const progress = (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '';
    if (/\d+%/.test(progress)) break;
  }
  chat.controller.abort();

  await waitFor(async () => (await client.videos.retrieve(id)).status === 'completed', { timeoutMs: 30_000 });
  const file = Buffer.from(await (await client.videos.downloadContent(id)).arrayBuffer());
  expect(probeMp4(file)).toMatchObject({ durationMs: 10_000 });
  expect(await stack.submitsOf(prompt)).toHaveLength(1);
});

test('content answers ranges, tags and HEAD as players and caches ask for them', async () => {
  const client = stack.client();
  const { id } = await client.videos.create({ model: 'sora2-landscape-10s', prompt: 'a door that opens' });
  await waitFor(async () => (await client.videos.retrieve(id)).status === 'completed', { timeoutMs: 30_000 });
  const url = `${stack.run.gatewayUrl}/v1/videos/${id}/content`;
  const headers = { authorization: `Bearer ${stack.run.apiKey}` };
  const whole = await fetch(url, { headers });
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect(Number(whole.headers.get('content-length'))).toBe(bytes.length);

  const part = await fetch(url, { headers: { ...headers, range: 'bytes=4-7' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    `bytes 4-7/${bytes.length}`,
    'ftyp',
  ]);
  expect((await fetch(url, { headers: { ...headers, range: `bytes=${bytes.length}-` } })).status).toBe(416);
  const tag = whole.headers.get('etag') ?? '';
  expect((await fetch(url, { headers: { ...headers, 'if-none-match': tag } })).status).toBe(304);
  const head = await fetch(url, { method: 'HEAD', headers });
  expect([head.status, Number(head.headers.get('content-length'))]).toEqual([200, bytes.length]);
  expect((await fetch(url)).status).toBe(401);
});
