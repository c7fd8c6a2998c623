/** The Python program in sora2api's README, as it stands there: only the key and the port are put in. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readChat } from '../support/chat.js';
import { JudgingProxy } from '../support/judging-proxy.js';
import { run } from '../support/run.js';
import { Stack } from '../support/stack.js';

const fixtures = path.join(__dirname, '__fixtures__');
let stack: Stack;
let proxy: JudgingProxy;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'reelay-python-'));
  stack = await Stack.start({ renderMs: 600 });
  proxy = await JudgingProxy.open(stack.run.gatewayUrl);
});
afterAll(async () => {
  await proxy?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('it makes a character of a video and prints the stream', async () => {
  const program = readFileSync(path.join(fixtures, 'sora2api-example.py'), 'utf8')
    .replaceAll('http://localhost:8000', proxy.url)
    .replaceAll('han1234', stack.run.apiKey);
  writeFileSync(path.join(folder, 'example.py'), program);
  cpSync(path.join(fixtures, 'three-seconds.mp4'), path.join(folder, 'video.mp4'));
  const answer = readChat(200, await run(process.env.PYTHON_PATH ?? 'python3', ['example.py'], { folder }));
  expect(answer).toMatchObject({ error: undefined, finishReason: 'stop', lastLine: 'data: [DONE]' });
  expect(answer.content).toMatch(/^角色创建成功，角色名@[a-z0-9_.]+$/);
  expect([proxy.judged, proxy.problems]).toEqual([1, []]);
}, 60_000);
