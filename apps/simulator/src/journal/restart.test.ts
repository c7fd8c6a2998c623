import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const PENDING = '/backend/nf/pending/v2';

let folder: string;
let file: string;
let simulator: RunningSimulator;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  file = join(folder, 'journal.jsonl');
  simulator = await startSimulator({ stateFolder: folder });
});

afterEach(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true });
});

async function restart(options: object = {}): Promise<void> {
  const { now } = simulator.clock;
  await simulator.close();
  simulator = await startSimulator({ stateFolder: folder, ...options });
  simulator.clock.now = now;
}

test('a restart in the middle of rendering changes nothing', async () => {
  const { id } = (await simulator.create()).json;
  simulator.clock.now += 3_300;
  await restart();
  expect((await simulator.get(PENDING)).json).toEqual([{ id, progress_pct: 0.5, status: 'processing' }]);
  simulator.clock.now += 10_000;
  const before = (await simulator.drafts()).json.items[0]!;
  const video = await simulator.call(before.url ?? '');
  await restart();
  const after = (await simulator.drafts()).json.items[0]!;
  expect(after.id).toBe(before.id);
  expect((await simulator.call(after.url ?? '')).headers.get('etag')).toBe(video.headers.get('etag'));
});

test('an accepted submit is on disk before its answer arrives', async () => {
  const { id } = (await simulator.create()).json;
  expect(readFileSync(file, 'utf8')).toContain(`"id":"${id}"`);
});

test('task ids are never repeated, though the seed is', async () => {
  const first = (await simulator.create()).json.id;
  await restart();
  simulator.clock.now += 1;
  expect((await simulator.create()).json.id).not.toBe(first);
  rmSync(file);
  await restart();
  simulator.clock.now += 2;
  expect((await simulator.create()).json.id).not.toBe(first);
});

test('accounts, their changes and used refresh tokens are remembered', async () => {
  await simulator.send('/_sim/accounts', { email: 'new@simulator.test', plan: 'chatgpt_pro' });
  await simulator.send('/_sim/accounts/plus@simulator.test', { concurrencyLimit: 1 }, {}, 'PATCH');
  await restart();
  expect((await simulator.create(plainBody, 'new@simulator.test')).status).toBe(200);
  expect((await simulator.create()).status).toBe(200);
  expect((await simulator.create()).status).toBe(429);
});

test('half a line at the end, as a kill leaves it, is forgotten', async () => {
  const { id } = (await simulator.create()).json;
  await simulator.close();
  appendFileSync(file, '{"type":"task","task":{"id":"task_torn","acc');
  simulator = await startSimulator({ stateFolder: folder });
  expect((await simulator.get(PENDING)).json).toMatchObject([{ id }]);
  expect(readFileSync(file, 'utf8')).not.toContain('task_torn');
});

test('a damaged line in the middle is named and not passed over', async () => {
  await simulator.close();
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('{"type"', '{type'));
  await expect(startSimulator({ stateFolder: folder })).rejects.toThrow(/Line 1 of .*journal\.jsonl is damaged/);
  writeFileSync(file, text);
  simulator = await startSimulator({ stateFolder: folder });
});

test('a reset takes everything back, on disk too', async () => {
  await simulator.create();
  await simulator.send('/_sim/accounts', { email: 'new@simulator.test' });
  await simulator.send('/_sim/faults', { kind: 'overload' });
  await simulator.send('/_sim/speed', { renderMs: 1 });
  expect((await simulator.call('/_sim/reset', { method: 'POST' })).status).toBe(200);
  await restart();
  expect((await simulator.call('/_sim/ledger')).json).toMatchObject({ submits: [], accepted: 0, calls: {} });
  expect((await simulator.call('/_sim/accounts')).json).toHaveLength(3);
  expect((await simulator.call('/_sim/faults')).json).toEqual([]);
  expect((await simulator.call('/_sim/speed')).json).toMatchObject({ renderMs: 6_000 });
});
