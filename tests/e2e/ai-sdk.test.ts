/** A second opinion on the wire formats: Vercel's AI SDK by its provider for OpenAI-compatible servers, through the whole stack. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { probeImage } from '@reelay/platform/probe-image';
import { generateImage, streamText } from 'ai';
import { mediaUrls } from '../support/chat.js';
import { sampleImage } from '../support/samples.js';
import { Stack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ renderMs: 1_500 });
});
afterAll(() => stack?.stop());

function reelay() {
  const { gatewayUrl, apiKey } = stack.run;
  return createOpenAICompatible({
    name: 'reelay',
    baseURL: `${gatewayUrl}/v1`,
    apiKey,
    includeUsage: true,
  });
}

function sizeOf(bytes: Uint8Array): string {
  const { width, height } = probeImage(bytes) ?? {};
  return `${width}x${height}`;
}

test.concurrent('makes images, of the size that was asked', async () => {
  const model = reelay().imageModel('gpt-image');
  const { images, usage } = await generateImage({ model, prompt: 'a paper boat', n: 2, size: '1536x1024' });
  expect(images.map(({ uint8Array }) => sizeOf(uint8Array))).toEqual(['540x360', '540x360']);
  expect(usage.totalTokens).toBeGreaterThan(0);
});

test.concurrent('edits an image', async () => {
  const image = await sampleImage('png');
  const prompt = { images: [image], text: 'the same boat in the rain' };
  const { images } = await generateImage({ model: reelay().imageModel('gpt-image-2'), prompt });
  expect(images.map(({ uint8Array }) => sizeOf(uint8Array))).toEqual(['360x360']);
});

test.concurrent('streams a chat: progress as reasoning, then the video', async () => {
  const result = streamText({
    model: reelay()('sora2-landscape-10s'),
    prompt: 'a boat that sails away',
    maxRetries: 0,
  });
  let reasoning = '';
  let text = '';
  for await (const part of result.stream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'reasoning-delta') reasoning += part.text;
    if (part.type === 'text-delta') text += part.text;
  }
  expect(reasoning).toMatch(/\d+%/);
  const [url] = mediaUrls(text);
  expect((await fetch(url ?? '')).headers.get('content-type')).toBe('video/mp4');
  expect(await result.finishReason).toBe('stop');
  expect((await result.usage).totalTokens).toBeGreaterThan(0);
});

test.concurrent('learns that content was refused, and why', async () => {
  const errors: unknown[] = [];
  const result = streamText({
    ...{ model: reelay()('sora2-landscape-10s'), prompt: 'a boat [sim:violation]', maxRetries: 0 },
    onError: ({ error }) => {
      errors.push(error);
    },
  });
  await result.consumeStream();
  expect(errors).toHaveLength(1);
  expect(JSON.stringify(errors[0]) + String(errors[0])).toMatch(/content_policy_violation|refused|violat/i);
});
