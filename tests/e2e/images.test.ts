/** The images API through the whole stack, by the official SDK; every file is looked into. */
import { probeImage } from '@reelay/platform/probe-image';
import OpenAI, { toFile } from 'openai';
import { sampleImage } from '../support/samples.js';
import { Stack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ renderMs: 1_000 });
});
afterAll(() => stack?.stop());

function sizeOf(bytes: Uint8Array): string {
  const { width, height } = probeImage(bytes) ?? {};
  return `${width}x${height}`;
}
const fromBase64 = (image: OpenAI.Images.Image | undefined) => Buffer.from(image?.b64_json ?? '', 'base64');

test.concurrent('an image of the size that was asked is answered by its address', async () => {
  const { data, size, output_format } = await stack
    .client()
    .images.generate({ model: 'dall-e-3', prompt: 'a paper boat', size: '1792x1024' });
  expect(data).toHaveLength(1);
  const answer = await fetch(data?.[0]?.url ?? '');
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(answer.headers.get('content-type')).toBe(`image/${output_format}`);
  expect(size).toBe('540x360');
  expect(sizeOf(bytes)).toBe(size);
});

test.concurrent('three images are three different ones, each paid for once', async () => {
  const prompt = 'three paper boats';
  const { data } = await stack.client().images.generate({ model: 'gpt-image-2', prompt, n: 3, size: '1024x1536' });
  const files = (data ?? []).map(fromBase64);
  expect(files.map(sizeOf)).toEqual(['360x540', '360x540', '360x540']);
  expect(new Set(files.map((bytes) => bytes.toString('base64'))).size).toBe(3);
  const submits = await stack.submitsOf(prompt);
  expect(new Set(submits.map(({ taskId }) => taskId)).size).toBe(3);
  expect(submits).toHaveLength(3);
});

test.concurrent('an edit brings its image to the upstream, also twice', async () => {
  const image = await toFile(await sampleImage('png'), 'upload', { type: 'application/octet-stream' });
  const prompt = 'the same boat at night';
  const edited = await stack.client().images.edit({ image, prompt, n: 2, response_format: 'b64_json' });
  expect((edited.data ?? []).map((each) => sizeOf(fromBase64(each)))).toEqual(['360x360', '360x360']);
  const [uploads] = await stack.sql<{ count: number }>(
    `SELECT count(*)::integer AS count FROM asset JOIN generation ON generation.id = generation_id
     WHERE role = 'reference' AND request->>'prompt' = $1`,
    [prompt],
  );
  expect(uploads?.count).toBe(2);
});

test.concurrent('a stream brings each image as it is finished', async () => {
  const stream = await stack.client().images.generate({ prompt: 'two streamed boats', n: 2, stream: true });
  const sizes: string[] = [];
  for await (const event of stream) {
    if (event.type !== 'image_generation.completed') throw new Error(`an event "${event.type}" was not to come`);
    expect(sizeOf(Buffer.from(event.b64_json, 'base64'))).toBe(event.size);
    sizes.push(event.size);
  }
  expect(sizes).toEqual(['360x360', '360x360']);
});

test.concurrent('content that the upstream refuses is the error of the request', async () => {
  const refused = stack.client().images.generate({ prompt: 'a boat [sim:violation]' });
  await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  await expect(refused).rejects.toMatchObject({ code: 'moderation_blocked' });
});
