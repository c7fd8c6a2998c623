/** Everything the README shows is run as it stands there; only the port, the keys and the placeholders are put in. */
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { probeMp4 } from '@reelay/testing/mp4';
import { waitFor } from '@reelay/testing/wait-for';
import { JudgingProxy } from '../support/judging-proxy.js';
import { run } from '../support/run.js';
import { root, Stack } from '../support/stack.js';

const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const blockWith = (word: string): string => {
  const block = blocks.find(({ text }) => text.includes(word));
  if (!block) throw new Error(`the README shows nothing with "${word}"`);
  return block.text;
};

let stack: Stack;
let proxy: JudgingProxy;
beforeAll(async () => {
  stack = await Stack.start({ renderMs: 6_000 });
  proxy = await JudgingProxy.open(stack.run.gatewayUrl);
});
afterAll(async () => {
  await proxy?.close();
  await stack?.stop();
  expect(proxy?.problems).toEqual([]);
});

function perform(command: string, args: string[], folder = tmpdir()): Promise<string> {
  const keys = { REELAY_API_KEY: stack.run.apiKey, REELAY_ADMIN_KEY: stack.run.adminKey };
  return run(command, args, { folder, env: { ...process.env, ...keys } });
}

const here = (text: string): string => text.replaceAll('http://127.0.0.1:8000', proxy.url);

/** What may differ between two answers to the same request. */
const shape = (line: string): string =>
  line
    .replace(/01[0-9A-HJKMNP-TV-Z]{24}/g, '<id>')
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, '<url>')
    .replace(/"created":\d+/, '"created":<time>')
    .replace(/expires=\d+&signature=[\w-]+/g, '<signature>')
    .replace(/\d+% \(/, '<progress>% (');

test.concurrent('the first request gives the answer that stands below it', async () => {
  const lines = (await perform('sh', ['-c', here(blockWith('curl -N'))])).split('\n').filter(Boolean);
  const shown = blockWith('data: [DONE]').split('\n').filter(Boolean);
  const given = new Set(lines.map(shape));
  for (const line of shown) expect(given).toContain(shape(line));
  expect(shape(lines.at(0) ?? '')).toBe(shape(shown.at(0) ?? ''));
  expect(lines.at(-1)).toBe('data: [DONE]');
  const url = /<video src='([^']+)'/.exec(lines.join('\n'))?.[1] ?? '';
  const file = Buffer.from(await (await fetch(url)).arrayBuffer());
  expect(probeMp4(file)).toMatchObject({ codec: 'avc1', durationMs: 10_000 });
});

test.concurrent('the SDK program saves its file and prints what is said', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'reelay-readme-'));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(path.join(root, 'node_modules/openai'), path.join(folder, 'node_modules/openai'));
  writeFileSync(path.join(folder, 'program.mjs'), here(blockWith('import OpenAI')));
  const said = /^prints `([^`]+)`/m.exec(readme)?.[1];
  expect((await perform(process.execPath, ['program.mjs'], folder)).trim()).toBe(said);
  expect(probeMp4(readFileSync(path.join(folder, 'lighthouse.mp4')))).toMatchObject({ width: 360, height: 640 });
});

test('an account is added with the admin key, and no secret comes back', async () => {
  const accounts = await stack.simulator<{ accessToken: string; sessionToken: string }[]>('accounts');
  const { accessToken = '', sessionToken = '' } = accounts[0] ?? {};
  const command = here(blockWith('/api/admin/tokens \\'))
    .replace('"accessToken": "…"', `"target": "simulator", "accessToken": "${accessToken}"`)
    .replace('"sessionToken": "…"', `"sessionToken": "${sessionToken}"`);
  const answer = await perform('sh', ['-c', command]);
  expect(JSON.parse(answer)).toMatchObject({ created: false, videoLimit: 2, accessTokenHint: accessToken.slice(-4) });
  expect(answer).not.toContain(accessToken);
});

test('a file of accounts is tried out, and what an export gives is what an import takes', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'reelay-readme-'));
  const { gatewayUrl, adminKey } = stack.run;
  const admin = { authorization: `Bearer ${adminKey}` };
  const exported = await fetch(`${gatewayUrl}/api/admin/tokens/export`, {
    headers: { ...admin, 'x-admin-key-confirm': adminKey },
  });
  writeFileSync(path.join(folder, 'accounts.json'), await exported.text());
  const { id } = JSON.parse(await perform('sh', ['-c', here(blockWith('tokens/import'))], folder)) as { id: string };
  const read = async () =>
    (await (await fetch(`${gatewayUrl}/api/admin/batches/${id}`, { headers: admin })).json()) as Record<
      string,
      unknown
    >;
  await waitFor(async () => (await read()).state === 'done', { timeoutMs: 60_000 });
  expect(await read()).toMatchObject({ total: 3, done: 3, failed: 0 });
});

test('every route of the table answers', async () => {
  const key = { authorization: `Bearer ${stack.run.apiKey}` };
  const admin = { authorization: `Bearer ${stack.run.adminKey}` };
  const get = async (route: string, headers = {}) => (await fetch(stack.run.gatewayUrl + route, { headers })).status;
  expect(await get('/healthz')).toBe(200);
  expect(await get('/readyz')).toBe(200);
  expect(await get('/v1/models', key)).toBe(200);
  expect(await get('/api/admin/tokens', admin)).toBe(200);
  expect(await get('/api/admin/status', admin)).toBe(200);
  for (const route of ['statistics', 'statistics/utilisation', 'events', 'proxies', 'batches', 'tokens/export']) {
    expect([route, await get(`/api/admin/${route}`, admin)]).toEqual([route, 200]);
  }
  expect(await get('/api/admin/openapi.json', admin)).toBe(200);
  expect(await get('/admin/queues', admin)).toBe(200);
  expect(await get('/api/admin/status', key)).toBe(401);
  const { data } = await stack.client().models.list();
  for (const { id } of data) expect(readme).toContain(`\`${id}\``);
});
