/** `npm run simulator` as its user meets it: the simulated upstream as a process of its own, and nothing else. */
import { waitFor } from '@reelay/testing/wait-for';
import { freePort, LauncherProcess, listenOn } from '../support/launcher.js';

const running: LauncherProcess[] = [];

function start(args: string[] = [], env: Record<string, string> = {}): LauncherProcess {
  const simulator = new LauncherProcess(args, { SIMULATOR_STATE_DIR: '', ...env }, 'tools/simulator.mts');
  running.push(simulator);
  return simulator;
}

afterEach(async () => {
  for (const simulator of running) if (simulator.isAlive) simulator.signal('SIGTERM');
  await Promise.all(running.splice(0).map(({ exit }) => exit));
});

async function baseUrl(simulator: LauncherProcess): Promise<string> {
  const find = () => /base URL +(\S+)|"message":"ready","url":"([^"]+)"/.exec(simulator.output);
  await waitFor(() => find() !== null || !simulator.isAlive, {
    timeoutMs: 90_000,
    describe: () => `the panel:\n${simulator.output}`,
  });
  const [, shown, logged] = find() ?? [];
  return shown ?? logged ?? '';
}

async function ask(url: string, headers: Record<string, string> = {}): Promise<{ status: number; json: unknown }> {
  const response = await fetch(url, { headers });
  return { status: response.status, json: await response.json() };
}

test('ends in a panel whose own command says who an account is; Ctrl-C ends it', async () => {
  const simulator = start();
  const base = await baseUrl(simulator);
  expect(await ask(`${base}/_sim/health`)).toMatchObject({ status: 200, json: { status: 'ok' } });
  for (const place of ['/backend', '/api/auth/session', '/backend-api/sentinel/req', '/oauth/token', '/_sim/']) {
    expect(simulator.output).toContain(`${base}${place}`);
  }
  expect(simulator.output).toMatch(/free@simulator\.test +chatgpt_free/);

  const [, url = '', token = ''] = /^curl (\S+) -H 'Authorization: (Bearer [^']+)'$/m.exec(simulator.output) ?? [];
  expect(url).toBe(`${base}/backend/me`);
  expect(await ask(url, { authorization: token })).toMatchObject({
    status: 200,
    json: { email: 'pro@simulator.test', username: 'sim.pro' },
  });
  expect(await ask(url, { authorization: 'Bearer a.b.c' })).toEqual({
    status: 401,
    json: {
      error: {
        code: 'token_invalidated',
        message: expect.any(String),
        type: 'invalid_request_error',
        param: null,
      },
    },
  });

  simulator.signal('SIGINT');
  expect(await simulator.exit).toBe(0);
  await expect(fetch(`${base}/_sim/health`)).rejects.toThrow('fetch failed');
});

test('takes port, render time and seed from the command line, and logs its address where lines are JSON', async () => {
  const port = await freePort();
  const args = ['--port', String(port), '--render-ms', '1234', '--seed', 'one'];
  const simulator = start(args, { LOG_FORMAT: 'json' });
  const base = await baseUrl(simulator);
  expect(base).toBe(`http://127.0.0.1:${port}`);
  expect((await ask(`${base}/_sim/speed`)).json).toMatchObject({ renderMs: 1_234 });
  for (const line of simulator.output.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ level: 'info' });
});

test('says in a sentence why it cannot start', async () => {
  const port = await freePort();
  const freeThePort = await listenOn(port);
  const onTakenPort = start([], { PORT: String(port) });
  expect(await onTakenPort.exit).toBe(1);
  expect(onTakenPort.output).toContain(`Port ${port} is taken by another program: give another one`);
  await freeThePort();

  const withWrongOption = start(['--prot', '1']);
  expect(await withWrongOption.exit).toBe(1);
  expect(withWrongOption.output).toContain('npm run simulator -- --port 8088');
});

test('explains its options', async () => {
  const help = start(['--help']);
  expect(await help.exit).toBe(0);
  expect(help.output).toContain('--render-ms');
});
