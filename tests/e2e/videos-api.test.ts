/** What the videos API does with a video that is there, by the official SDK through the whole stack: judged by what arrived upstream. */
import { probeMp4 } from '@reelay/testing/mp4';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, { toFile } from 'openai';
import { type LedgerEntry, Stack } from '../support/stack.js';

interface Submit extends LedgerEntry {
  endpoint: string;
  body: Record<string, unknown>;
}

let stack: Stack;
let client: OpenAI;
/** A finished video, to be remixed, continued and made a character of. */
let own: { id: string; bytes: Buffer };

beforeAll(async () => {
  stack = await Stack.start({ renderMs: 500, settings: { 'poll.minimumMs': 150 } });
  await stack.sql(`INSERT INTO setting (key, value) VALUES ('sora.publishForRemix', 'true')`);
  client = stack.client();
  const { id } = await finished(await client.videos.create({ model: 'sora-2', size: '1280x720', prompt: 'the first' }));
  own = { id, bytes: await bytesOf(id) };
}, 180_000);
afterAll(() => stack?.stop());

async function finished({ id }: { id: string }): Promise<OpenAI.Videos.Video> {
  let video = await client.videos.retrieve(id);
  await waitFor(
    async () => {
      video = await client.videos.retrieve(id);
      return video.status === 'completed' || video.status === 'failed';
    },
    { timeoutMs: 60_000, describe: () => JSON.stringify(video) },
  );
  expect(video).toMatchObject({ status: 'completed', error: null, progress: 100 });
  return video;
}

const bytesOf = async (id: string) => Buffer.from(await (await client.videos.downloadContent(id)).arrayBuffer());

async function submitOf(prompt: string): Promise<Submit> {
  const [submit, ...more] = (await stack.submitsOf(prompt)) as Submit[];
  if (!submit || more.length > 0) throw new Error(`${more.length + (submit ? 1 : 0)} submits of "${prompt}"`);
  return submit;
}

test.concurrent('a remix is a new video that says which one it was made of', async () => {
  const made: OpenAI.Videos.Video[] = [];
  const again = async () => {
    made.push(await client.videos.remix(own.id, { prompt: 'in the rain' }));
    return true;
  };
  // Every process reads the settings anew within seconds; until it has, a remix may be refused.
  await waitFor(() => again().catch(() => false), { timeoutMs: 30_000, intervalMs: 500 });
  expect(await finished(made[0] ?? { id: '' })).toMatchObject({ remixed_from_video_id: own.id });
  expect((await submitOf('in the rain')).body).toMatchObject({
    remix_target_id: expect.stringMatching(/^s_/) as string,
  });
});

test.concurrent('an extension goes to the account that has the video, and is as much longer', async () => {
  const longer = await client.videos.extend({ prompt: 'a meteor shower', seconds: '12', video: { id: own.id } });
  expect(longer).toMatchObject({ seconds: '25', size: '640x360' });
  await finished(longer);
  const [first] = await stack.submitsOf('the first');
  expect(await submitOf('a meteor shower')).toMatchObject({ endpoint: 'extension', account: first?.account });
  expect(probeMp4(await bytesOf(longer.id))).toMatchObject({ width: 640, height: 360, durationMs: 25_000 });
});

test.concurrent('a character of a file plays by its name where its id comes along', async () => {
  const video = await toFile(own.bytes, 'own.mp4', { type: 'video/mp4' });
  const character = await client.videos.createCharacter({ name: 'Mossy', video });
  const found = (await client.videos.getCharacter(character.id ?? '')) as unknown as { username: string; name: string };
  expect(found).toMatchObject({ name: 'Mossy', status: 'completed', username: expect.any(String) as string });
  const prompt = 'Mossy dances on a lake';
  const created = await client.videos.create({ prompt, ...{ characters: [{ id: character.id }] } });
  expect(await finished(created)).toMatchObject({ prompt });
  await submitOf(`@${found.username} dances on a lake`);
});

test.concurrent('everything that was made is on the list, page by page', async () => {
  const ids: string[] = [];
  for (const prompt of ['one of three', 'two of three', 'three of three']) {
    ids.push((await client.videos.create({ prompt })).id);
  }
  const seen: string[] = [];
  for await (const { id } of client.videos.list({ limit: 2 })) seen.push(id);
  expect(seen).toEqual(expect.arrayContaining([...ids, own.id]));
  expect(new Set(seen).size).toBe(seen.length);
});
