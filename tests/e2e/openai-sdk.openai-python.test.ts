/** The official python SDK, whose reading of streams and errors is stricter than node's, through every method. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { JudgingProxy } from '../support/judging-proxy.js';
import { freePort } from '../support/launcher.js';
import { run } from '../support/run.js';
import { Stack } from '../support/stack.js';

const fixtures = path.join(__dirname, '__fixtures__');
const program = path.join(fixtures, 'openai-contract.py');
const names = [...readFileSync(program, 'utf8').matchAll(/^@check\ndef (\w+)/gm)].map(([, name]) => name as string);

const problems = new Map<string, string | null>();
let stack: Stack;
let proxy: JudgingProxy;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'reelay-python-'));
  const image = path.join(folder, 'reference.png');
  writeFileSync(
    image,
    await sharp({ create: { width: 480, height: 360, channels: 3, background: 'teal' } })
      .png()
      .toBuffer(),
  );
  const receiverPort = await freePort();
  stack = await Stack.start({
    renderMs: 1_200,
    env: { FETCH_ALLOW: `127.0.0.1:${receiverPort}` },
    // So that every stream has comments between its events.
    settings: { 'stream.keepAliveMs': 200 },
  });
  await stack.sql(`INSERT INTO setting (key, value) VALUES ('sora.publishForRemix', 'true')`);
  proxy = await JudgingProxy.open(stack.run.gatewayUrl);
  const answers = await run(process.env.OPENAI_PYTHON_PATH ?? 'python3', [program], {
    env: {
      PATH: process.env.PATH,
      BASE_URL: `${proxy.url}/v1`,
      API_KEY: stack.run.apiKey,
      OTHER_API_KEY: await newKey({ name: 'somebody else' }),
      LIMITED_API_KEY: await newKey({ name: 'somebody limited', requestsPerMinute: 1 }),
      NARROW_API_KEY: await newKey({ name: 'somebody with one video at a time', queuedLimit: 1 }),
      SPENT_API_KEY: await newKey({ name: 'somebody without any videos', dailyQuota: { video: 0 } }),
      RESTRICTED_API_KEY: await newKey({ name: 'somebody for images', allowedModels: ['gpt-image'] }),
      ...(process.env.FFMPEG_PATH ? { FFMPEG_PATH: process.env.FFMPEG_PATH } : {}),
      REFERENCE_IMAGE: image,
      REFERENCE_VIDEO: path.join(fixtures, 'three-seconds.mp4'),
      RECEIVER_PORT: String(receiverPort),
    },
  });
  for (const line of answers.trim().split('\n')) {
    const { check, problem } = JSON.parse(line) as { check: string; problem: string | null };
    problems.set(check, problem);
  }
}, 240_000);
afterAll(async () => {
  await proxy?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function newKey(key: object): Promise<string> {
  const answer = await fetch(`${stack.run.gatewayUrl}/api/admin/api-keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.run.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(key),
  });
  return ((await answer.json()) as { key: string }).key;
}

test.each(names)('%s', (name) => {
  expect(problems.get(name)).toBeNull();
});

test('every answer was as it is described', () => {
  expect(proxy.judged).toBeGreaterThan(50);
  expect(proxy.problems).toEqual([]);
});
