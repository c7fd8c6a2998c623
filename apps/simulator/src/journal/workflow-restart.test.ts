import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, clientOf, imageBody, mp4, picture, remixBody } from '../testing/client.js';
import { plainBody, type RunningSimulator, START, startSimulator } from '../testing/start-simulator.js';

let folder: string;
let simulator: RunningSimulator;
let client: Client;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  await start(START);
});

afterEach(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true });
});

async function start(now: number): Promise<void> {
  simulator = await startSimulator({ stateFolder: folder });
  simulator.clock.now = now;
  client = clientOf(simulator);
}

async function restart(): Promise<void> {
  const { now } = simulator.clock;
  await simulator.close();
  await start(now);
}

test('every record of the ledger is the same after a restart', async () => {
  const draft = await client.draft();
  const { id } = (await client.upload()).json;
  const inpaint_items = [{ type: 'image', frame_index: 0, upload_media_id: id }];
  await client.submit('/backend/video_gen', { ...imageBody, operation: 'remix', inpaint_items });
  await client.submit('/backend/project_y/post', {
    attachments_to_create: [{ generation_id: draft, kind: 'sora' }],
    post_text: '',
  });
  await client.form('/backend/characters/upload', [
    ['file', mp4],
    ['timestamps', '0,3'],
  ]);
  await client.post('/backend/editor/enhance_prompt', { prompt: 'a', expansion_level: 'short', duration_s: 10 });
  const records = async () => {
    const { json } = await simulator.call<Record<string, unknown[]>>('/_sim/ledger');
    const { submits, uploads, posts, characters, enhancements } = json;
    return { submits, uploads, posts, characters, enhancements };
  };
  const before = await records();
  expect(Object.values(before).map((list) => list?.length)).toEqual([2, 2, 1, 1, 1]);
  await restart();
  expect(await records()).toEqual(before);
});

test('an upload, a post and a character are good after a restart, and a deleted post stays deleted', async () => {
  const generation_id = await client.draft();
  const { id: upload_id } = (await client.upload()).json;
  const attachments_to_create = [{ generation_id, kind: 'sora' }];
  const body = { attachments_to_create, post_text: '' };
  const { json: kept } = await client.submit<{ post: { id: string } }>('/backend/project_y/post', body);
  const { json: deleted } = await client.submit<{ post: { id: string } }>('/backend/project_y/post', body);
  await client.remove(`/backend/project_y/post/${deleted.post.id}`);
  const cameo = (
    await client.form('/backend/characters/upload', [
      ['file', mp4],
      ['timestamps', '0,3'],
    ])
  ).json.id;
  const file = { content: await picture('webp'), fileName: 'profile.webp', type: 'image/webp' };
  const { json: asset } = await client.form<{ asset_pointer: string }>('/backend/project_y/file/upload', [
    ['file', file],
    ['use_case', 'profile'],
  ]);
  simulator.clock.now += 10_000;
  await restart();
  const remix = (remix_target_id: string) => client.submit('/backend/nf/create', { ...remixBody, remix_target_id });
  expect((await remix(kept.post.id)).status).toBe(200);
  expect((await remix(deleted.post.id)).status).toBe(404);
  const withPicture = { ...plainBody, inpaint_items: [{ kind: 'upload', upload_id }] };
  expect((await simulator.create(withPicture)).status).toBe(200);
  const finalized = await client.post('/backend/characters/finalize', {
    cameo_id: cameo,
    username: 'survivor.1',
    display_name: 'Survivor',
    profile_asset_pointer: asset.asset_pointer,
    instruction_set: null,
    safety_instruction_set: null,
  });
  expect(finalized.status).toBe(200);
  await restart();
  expect((await simulator.create({ ...plainBody, prompt: '@survivor.1 waves' })).status).toBe(200);
});

test('ids are never repeated, though the seed is', async () => {
  const first = (await client.upload()).json.id;
  await restart();
  simulator.clock.now += 1;
  expect((await client.upload()).json.id).not.toBe(first);
});

test('a state folder from before there were other kinds of tasks is read', async () => {
  const { id } = (await simulator.create()).json;
  const { submits } = (await simulator.call<{ submits: { body: object }[] }>('/_sim/ledger')).json;
  await simulator.close();
  const old = {
    id: `${id.slice(0, -1)}0`,
    generationId: 'gen_older',
    account: 'plus@simulator.test',
    createdAt: START,
    origin: 'client',
    body: submits[0]?.body,
    timing: { queueMs: 0, renderMs: 0, gapMs: 0, progressSteps: 1 },
    outcome: 'video',
    reason: null,
    fingerprint: 'f',
    sentinelId: null,
    source: '127.0.0.1',
    userAgent: '',
  };
  appendFileSync(join(folder, 'journal.jsonl'), `${JSON.stringify({ type: 'task', task: old })}\n`);
  await start(START + 1_000);
  const draft = (await simulator.drafts()).json.items[0];
  expect(draft?.id).toBe('gen_older');
  expect((await simulator.call(draft?.url ?? '')).status).toBe(200);
});
