/** Whoever used sora2api goes on with the commands they have: only the key, the port and the base64 placeholders are put in. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ChatOutcome, mediaUrls, readChat } from '../support/chat.js';
import { JudgingProxy } from '../support/judging-proxy.js';
import { type MediaFacts, measure } from '../support/media.js';
import { run } from '../support/run.js';
import { sampleImage } from '../support/samples.js';
import { Stack } from '../support/stack.js';

const fixture = (name: string) => readFileSync(path.join(__dirname, '__fixtures__', name), 'utf8');
const commands = fixture('sora2api-commands.sh')
  .split(/\n{2,}/)
  .filter((block) => block.startsWith('curl'));

let stack: Stack;
let proxy: JudgingProxy;
let image: string;
let video: Buffer;
beforeAll(async () => {
  stack = await Stack.start({ renderMs: 600, settings: { 'poll.minimumMs': 200 } });
  proxy = await JudgingProxy.open(stack.run.gatewayUrl);
  image = (await sampleImage('png')).toString('base64');
  // Small, for an argument of a command has a largest size.
  video = readFileSync(path.join(__dirname, '__fixtures__/three-seconds.mp4'));
}, 180_000);
afterAll(async () => {
  await proxy?.close();
  await stack?.stop();
  expect(proxy?.problems).toEqual([]);
});

const here = (text: string): string =>
  text.replaceAll('http://localhost:8000', proxy.url).replaceAll('han1234', stack.run.apiKey);

async function perform(command: string): Promise<ChatOutcome> {
  const filled = here(command)
    .replace('<base64_encoded_image_data>', image)
    .replace('<base64_encoded_video_data>', video.toString('base64'));
  return readChat(200, await run('sh', ['-c', filled]));
}

const landscape = { type: 'video/mp4', width: 640, height: 360, durationMs: 10_000 };
const square = { type: 'image/png', width: 360, height: 360 };
const text = 'text';
const character = 'character';

/** In the order of the commands: what each is for, and what comes out. */
const expected: [string, Partial<MediaFacts> | 'text' | 'character'][] = [
  ['an image from text', square],
  ['an image from an image', square],
  ['a prompt enhanced, streamed', text],
  ['a prompt enhanced in one piece', text],
  ['a video from text', landscape],
  ['a video from an image', landscape],
  ['a remix of a share link', landscape],
  ['a storyboard', landscape],
  ['a style', landscape],
  ['another style', landscape],
  ['a style in a remix', landscape],
  ['a character alone', character],
  ['a video with a character', landscape],
];

test('there is an expectation for every command', () => {
  expect(commands).toHaveLength(expected.length);
});

test.concurrent.each(expected.map(([name, outcome], index) => [index, name, outcome] as const))(
  'command %i works as it stands: %s',
  async (index, _name, outcome) => {
    const answer = await perform(commands[index] ?? '');
    expect(answer.error).toBeUndefined();
    expect(answer.finishReason).toBe('stop');
    if (answer.text.startsWith('data: ')) expect(answer.lastLine).toBe('data: [DONE]');
    if (outcome === text) {
      expect(answer.content).toMatch(/猫/);
      expect(answer.content).not.toContain('![');
    } else if (outcome === character) {
      expect(answer.content).toMatch(/^角色创建成功，角色名@[a-z0-9_.]+$/);
    } else {
      const [url = ''] = mediaUrls(answer.content);
      expect(await measure(url)).toMatchObject(outcome);
    }
  },
  60_000,
);
