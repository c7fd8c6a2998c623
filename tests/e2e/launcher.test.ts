/**
 * The launcher as its user meets it: `tools/start.mts` in a data folder of its own, with everything it starts.
 *
 * @slow
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { probeMp4 } from '@reelay/testing/mp4';
import { waitFor } from '@reelay/testing/wait-for';
import { freePort, Launcher, listenOn } from '../support/launcher.js';
import type { RunFile } from '../support/stack.js';

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

/** What the panel's command would send, without needing curl on this machine. */
function requestOfPanel(output: string): { url: string; headers: Record<string, string>; body: string } {
  const [, url = '', rest = ''] = /^curl -N (\S+) \\\n([\s\S]*?-d '.*')$/m.exec(output) ?? [];
  const headers = [...rest.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [name, value]);
  return { url, headers: Object.fromEntries(headers), body: /-d '(.*)'$/.exec(rest)?.[1] ?? '' };
}

async function contentOfStream(response: Response): Promise<{ reasoning: string; content: string }> {
  const chunks = (await response.text())
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as StreamChunk);
  const join = (field: 'content' | 'reasoning_content') =>
    chunks.map((chunk) => chunk.choices[0]?.delta[field] ?? '').join('');
  return { reasoning: join('reasoning_content'), content: join('content') };
}

interface StreamChunk {
  choices: { delta: { content?: string | null; reasoning_content?: string | null } }[];
}

async function findVideo(run: RunFile, id: string): Promise<number> {
  const headers = { authorization: `Bearer ${run.apiKey}` };
  return (await fetch(`${run.gatewayUrl}/v1/videos/${id}`, { headers })).status;
}

async function createVideo(run: RunFile): Promise<string> {
  const response = await fetch(`${run.gatewayUrl}/v1/videos`, {
    method: 'POST',
    headers: { authorization: `Bearer ${run.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sora2-landscape-10s', prompt: 'kept over restarts' }),
  });
  return ((await response.json()) as { id: string }).id;
}

describe('one start', () => {
  const launcher = new Launcher();
  beforeAll(async () => {
    await launcher.use(launcher.again({ SIMULATOR_RENDER_MS: '2000' }));
  });
  afterAll(() => launcher.dispose());

  test('ends in a panel whose own command streams progress and a link to a ten-second MP4', async () => {
    const { output, run } = launcher;
    expect(output).toMatch(/^ {2}build +\d+\.\d s/m);
    expect(output).toMatch(/^ {2}databases +\d+\.\d s/m);
    expect(output).toMatch(/^ {2}apps +\d+\.\d s/m);
    expect(output).toContain(`gateway     ${run.gatewayUrl}\n`);
    expect(output).toContain(`API key     ${run.apiKey}\n`);
    expect(output).toContain(`admin key   ${run.adminKey}\n`);
    expect(output).toContain('upstream: built-in simulator');

    const { url, ...request } = requestOfPanel(output);
    const answer = await contentOfStream(await fetch(url, { method: 'POST', ...request }));
    expect(answer.reasoning).not.toBe('');
    const link = /https?:\/\/[^'"\s)]+/.exec(answer.content)?.[0] ?? '';
    const media = await fetch(link);
    expect(media.status).toBe(200);
    expect(probeMp4(Buffer.from(await media.arrayBuffer()))).toMatchObject({ durationMs: 10_000 });
  });

  test('makes keys and a run file that only their owner can read', () => {
    const { homeDir, run } = launcher;
    const keys = readdirSync(path.join(homeDir, 'keys')).sort();
    expect(keys).toEqual(['admin.key', 'api.key', 'internal.key', 'master.key', 'web.key']);
    for (const key of keys) expect(mode(path.join(homeDir, 'keys', key))).toBe('600');
    expect(mode(path.join(homeDir, 'run.json'))).toBe('600');
    expect(run.apiKey).toMatch(/^rly_[0-9A-Za-z]{43}$/);
    expect(readFileSync(path.join(homeDir, 'keys', 'api.key'), 'utf8').trim()).toBe(run.apiKey);
  });

  test('starts an app that dies again on the same address, with a line in the log', async () => {
    const { gatewayUrl, pids } = launcher.run;
    process.kill(pids.gateway as number, 'SIGKILL');
    await waitFor(() => launcher.output.includes(`gateway (process ${pids.gateway}) was ended by SIGKILL`), {
      timeoutMs: 30_000,
    });
    await waitFor(() => launcher.output.includes('gateway runs again'), { timeoutMs: 30_000 });
    expect((await fetch(`${gatewayUrl}/healthz`)).status).toBe(200);
  });

  test('says that it runs when it is started a second time, and does no harm', async () => {
    const before = launcher.run;
    const second = launcher.again();
    expect(await second.exit).toBe(0);
    expect(second.output).toContain(`already runs in `);
    expect(second.output).toContain(before.gatewayUrl);
    expect(launcher.run).toEqual(before);
    expect((await fetch(`${before.gatewayUrl}/healthz`)).status).toBe(200);
  });

  test('lets one more worker join, which ends alone', async () => {
    const before = launcher.run;
    const joined = launcher.again({}, ['--only', 'worker']);
    await waitFor(() => joined.output.includes('worker joined the stack'), { timeoutMs: 30_000 });
    joined.signal('SIGINT');
    expect(await joined.exit).toBe(0);
    expect(launcher.run).toEqual(before);
  });
});

test.concurrent('a shell without the keys of the running stack cannot join it, and makes none', async () => {
  const launcher = new Launcher();
  await launcher.use(launcher.again({ WEB_KEY: 'web-key-of-the-first-shell-0123' }));
  const keysBefore = readdirSync(path.join(launcher.homeDir, 'keys'));
  const joining = launcher.again({}, ['--only', 'gateway']);
  expect(await joining.exit).toBe(1);
  expect(joining.output).toContain('The running stack has another WEB_KEY than this shell');
  expect(readdirSync(path.join(launcher.homeDir, 'keys'))).toEqual(keysBefore);
  await launcher.dispose();
});

describe('one data folder over several starts', () => {
  const launcher = new Launcher();
  let freeThePort: () => Promise<void>;
  let port: number;
  let first: RunFile;
  let id: string;
  beforeAll(async () => {
    port = await freePort();
    freeThePort = await listenOn(port);
  });
  afterAll(async () => {
    await launcher.dispose();
    await freeThePort();
  });

  test('of two starts at the same moment one runs, on another port than the taken one, and the other says so', async () => {
    const [left, right] = [launcher.again({ PORT: String(port) }), launcher.again({ PORT: String(port) })];
    const loser = await Promise.race([left.exit.then(() => left), right.exit.then(() => right)]);
    expect(await loser.exit).toBe(0);
    expect(loser.output).toMatch(/is being started in .* at this moment/);

    const winner = loser === left ? right : left;
    await launcher.use(winner);
    expect(winner.output).toContain(`port ${port} is taken by another program, so the gateway listens on`);
    expect(launcher.run.gatewayUrl).not.toContain(`:${port}`);
    first = launcher.run;
    id = await createVideo(first);
  });

  test('after kill -9 of the launcher a start at once works on the same data, and nothing of the old one is left', async () => {
    launcher.signal('SIGKILL');
    await launcher.use(launcher.again());
    await waitFor(() => Launcher.alive(first.pids).length === 0, { timeoutMs: 30_000 });
    expect(launcher.run.apiKey).toBe(first.apiKey);
    expect(await findVideo(launcher.run, id)).toBe(200);
  });

  test('Ctrl-C leaves no process and no run file within ten seconds', async () => {
    const { pids } = launcher.run;
    const startedAt = Date.now();
    launcher.signal('SIGINT');
    expect(await launcher.exit).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(Launcher.alive(pids)).toEqual([]);
    expect(launcher.isRunning).toBe(false);
  });

  test('with LOG_FORMAT=json every line is JSON and none holds a key; the data are still there', async () => {
    await launcher.use(launcher.again({ LOG_FORMAT: 'json' }));
    const { apiKey, adminKey } = launcher.run;
    expect(await findVideo(launcher.run, id)).toBe(200);
    launcher.signal('SIGTERM');
    await launcher.exit;
    const lines = launcher.output.trim().split('\n');
    const wellFormed = { app: expect.any(String), level: expect.any(String) };
    for (const line of lines) expect(JSON.parse(line)).toMatchObject(wellFormed);
    expect(lines.filter((line) => line.includes(apiKey) || line.includes(adminKey))).toEqual([]);
  });
});

test.concurrent.each([
  [{ API_KEY: 'han1234' }, /API_KEY is a sample value .* set one of your own/],
  [{ ADMIN_KEY: 'admin/admin' }, /ADMIN_KEY is a sample value .* set one of your own/],
  [{ ADMIN_KEY: 'short' }, /ADMIN_KEY has fewer than 16 characters/],
  [{ PORT: 'eight' }, /PORT is not a port number/],
])('refuses %j with a sentence that says what to do', async (env, sentence) => {
  const launcher = new Launcher();
  const started = launcher.again(env);
  expect(await started.exit).toBe(1);
  expect(started.output).toMatch(sentence);
  await launcher.dispose();
});

test('the doctor finds a machine that can run npm start', () => {
  const { status, stdout } = spawnSync(process.execPath, ['tools/doctor.mts'], {
    cwd: path.join(__dirname, '../..'),
    encoding: 'utf8',
  });
  expect(stdout).toContain('npm start can work.');
  expect(status).toBe(0);
});
