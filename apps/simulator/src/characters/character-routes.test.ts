import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { type Client, clientOf, mp4, PRO, picture } from '../testing/client.js';
import { plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const UPLOAD = '/backend/characters/upload';
const FROM_GENERATION = '/backend/characters/from-generation';
const FINALIZE = '/backend/characters/finalize';
const status = (cameo: string) => `/backend/project_y/cameos/in_progress/${cameo}`;
const update = (cameo: string) => `/backend/project_y/cameos/by_id/${cameo}/update_v2`;
const character = (id: string) => `/backend/project_y/characters/${id}`;

interface Cameo {
  status: string;
  status_message: string;
  username_hint: string;
  display_name_hint: string;
  profile_asset_url: string;
}

interface Finalized {
  character: { character_id: string };
}

let simulator: RunningSimulator;
let client: Client;

beforeEach(async () => {
  simulator = await startSimulator();
  client = clientOf(simulator);
});

afterEach(() => simulator.close());

async function begin(email?: string): Promise<string> {
  return (
    await client.form(
      UPLOAD,
      [
        ['file', mp4],
        ['timestamps', '0,3'],
      ],
      email,
    )
  ).json.id;
}

async function ready(email?: string): Promise<string> {
  const cameo = await begin(email);
  simulator.clock.now += 10_000;
  return cameo;
}

async function asset(email?: string): Promise<string> {
  const file = { content: await picture('webp'), fileName: 'profile.webp', type: 'image/webp' };
  const path = '/backend/project_y/file/upload';
  const { json } = await client.form<{ asset_pointer: string }>(
    path,
    [
      ['file', file],
      ['use_case', 'profile'],
    ],
    email,
  );
  return json.asset_pointer;
}

function finalizeBody(cameo_id: string, profile_asset_pointer: string, username = 'mossyfox123') {
  const none = { instruction_set: null, safety_instruction_set: null };
  return { cameo_id, username, display_name: 'Mossy Fox', profile_asset_pointer, ...none };
}

async function finalize(username?: string, email?: string): Promise<{ cameo: string; id: string }> {
  const cameo = await ready(email);
  const body = finalizeBody(cameo, await asset(email), username);
  const { json } = await client.post<Finalized>(FINALIZE, body, email);
  return { cameo, id: json.character.character_id };
}

test('a character goes from processing through its completion to its finalization', async () => {
  const cameo = await begin();
  const hidden = { username_hint: null, display_name_hint: null, profile_asset_url: null, instruction_set: null };
  const waiting = await simulator.get<Cameo>(status(cameo));
  expect(waiting).toMatchObject({ status: 200, json: { status: 'processing', ...hidden } });
  expect(waiting.json.status_message).not.toBe('Completed');
  simulator.clock.now += 6_300;
  const { json } = await simulator.get<Cameo>(status(cameo));
  expect(json).toMatchObject({
    status: 'processing',
    status_message: 'Completed',
    username_hint: expect.stringMatching(/^sim\.plus\.[a-z]+$/),
    display_name_hint: expect.stringMatching(/^[A-Z][a-z]+ [A-Z][a-z]+$/),
    profile_asset_url: expect.stringMatching(/\/file\/avatars\/cameo_\w+\.webp\?/),
    instruction_set_hint: expect.any(String),
    instruction_set: null,
  });
  const finalized = await client.post<Finalized>(FINALIZE, finalizeBody(cameo, await asset()));
  expect(finalized).toMatchObject({ status: 200, json: { character: { character_id: expect.any(String) } } });
  expect((await simulator.get(status(cameo))).json).toMatchObject({ status: 'finalized', status_message: 'Completed' });
});

test('the avatar is a WebP of 512×512 for whoever has its link, and the same bytes each time', async () => {
  const { profile_asset_url: url } = (await simulator.get<Cameo>(status(await ready()))).json;
  const read = async () => Buffer.from(await (await fetch(url)).arrayBuffer());
  expect((await fetch(url)).headers.get('content-type')).toBe('image/webp');
  expect(await sharp(await read()).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 });
  expect((await read()).equals(await read())).toBe(true);
  expect((await simulator.call(url.replace(/sig=.*/, 'sig=x'))).status).toBe(403);
});

test('the ledger keeps what a character was made of', async () => {
  const cameo = await begin();
  const { characters, uploads } = (
    await simulator.call<{ characters: object[]; uploads: { id: string }[] }>('/_sim/ledger')
  ).json;
  const sha256 = createHash('sha256').update(mp4.content).digest('hex');
  expect(uploads).toEqual([
    expect.objectContaining({ purpose: 'character_video', sha256, sizeBytes: mp4.content.length }),
  ]);
  expect(characters).toEqual([
    expect.objectContaining({
      id: cameo,
      endpoint: 'character_upload',
      uploadId: uploads[0]?.id,
      body: { timestamps: '0,3' },
      timestamps: [0, 3],
      finalization: null,
    }),
  ]);
});

test('a character can be made of a draft of the account, and of nothing else', async () => {
  const generation_id = await client.draft();
  const body = { generation_id, character_id: null, timestamps: [0, 3] };
  const { status: answered, json } = await client.post(FROM_GENERATION, body);
  expect(answered).toBe(200);
  simulator.clock.now += 10_000;
  expect((await simulator.get(status(json.id))).json).toMatchObject({ status_message: 'Completed' });
  expect((await client.post(FROM_GENERATION, body, PRO)).status).toBe(404);
  expect((await client.post(FROM_GENERATION, { ...body, generation_id: 'gen_unknown' })).status).toBe(404);
  for (const [changes, param] of [
    [{ prompt: 'x' }, 'prompt'],
    [{ character_id: 'char_1' }, 'character_id'],
    [{ timestamps: '0,3' }, 'timestamps'],
    [{ timestamps: [3, 0] }, 'timestamps'],
    [{ generation_id: 'task_1' }, 'generation_id'],
  ] as const) {
    const answer = await client.post(FROM_GENERATION, { ...body, ...changes });
    expect(answer).toMatchObject({ status: 400, json: { error: { param } } });
  }
});

test.each<[string, [string, string | typeof mp4][], string]>([
  ['no video', [['timestamps', '0,3']], 'file'],
  ['no timestamps', [['file', mp4]], 'timestamps'],
  [
    'timestamps that are none',
    [
      ['file', mp4],
      ['timestamps', '[0,3]'],
    ],
    'timestamps',
  ],
  [
    'timestamps in the wrong order',
    [
      ['file', mp4],
      ['timestamps', '3,0'],
    ],
    'timestamps',
  ],
  [
    'a part too many',
    [
      ['file', mp4],
      ['timestamps', '0,3'],
      ['file_name', 'a'],
    ],
    'file_name',
  ],
  [
    'a text in place of a video',
    [
      ['file', { ...mp4, content: Buffer.from('no video') }],
      ['timestamps', '0,3'],
    ],
    'file',
  ],
])('refuses a video with %s', async (_, parts, param) => {
  expect(await client.form(UPLOAD, parts)).toMatchObject({ status: 400, json: { error: { param } } });
});

test('a fault makes characters fail, with its reason, and what failed cannot be finalized', async () => {
  await simulator.send('/_sim/faults', { kind: 'character_failed', count: 1, reason: 'no face' });
  const cameo = await begin();
  expect((await simulator.get(status(cameo))).json).toMatchObject({ status: 'processing' });
  simulator.clock.now += 10_000;
  expect((await simulator.get(status(cameo))).json).toMatchObject({ status: 'failed', status_message: 'no face' });
  const answer = await client.post(FINALIZE, finalizeBody(cameo, await asset()));
  expect(answer).toMatchObject({ status: 400, json: { error: { param: 'cameo_id' } } });
});

test.each(Object.keys(finalizeBody('', '')))('refuses a finalization without "%s"', async (param) => {
  const body = finalizeBody(await ready(), await asset());
  const rest = Object.fromEntries(Object.entries(body).filter(([key]) => key !== param));
  expect(await client.post(FINALIZE, rest)).toMatchObject({ status: 400, json: { error: { param } } });
});

test.each([
  ['an unknown key', { visibility: 'public' }, 'visibility'],
  ['a name in capitals', { username: 'MossyFox' }, 'username'],
  ['a name that is too short', { username: 'ab' }, 'username'],
  ['a name that is too long', { username: 'a'.repeat(31) }, 'username'],
  ['the name of an account', { username: 'sim.pro' }, 'username'],
  ['instructions', { instruction_set: 'Be kind' }, 'instruction_set'],
  ['an empty display name', { display_name: '' }, 'display_name'],
  ['an asset that was never issued', { profile_asset_pointer: 'sediment://file_1' }, 'profile_asset_pointer'],
])('refuses a finalization with %s', async (_, changes, param) => {
  const body = { ...finalizeBody(await ready(), await asset()), ...changes };
  expect(await client.post(FINALIZE, body)).toMatchObject({ status: 400, json: { error: { param } } });
});

test('a cameo is finalized once, when it is ready, by its account, with an asset of its account', async () => {
  const cameo = await begin();
  const pointer = await asset();
  const early = await client.post(FINALIZE, finalizeBody(cameo, pointer));
  expect(early).toMatchObject({ status: 400, json: { error: { param: 'cameo_id' } } });
  simulator.clock.now += 10_000;
  expect((await client.post(FINALIZE, finalizeBody(cameo, pointer), PRO)).status).toBe(404);
  expect((await client.post(FINALIZE, finalizeBody(cameo, await asset(PRO)))).status).toBe(400);
  expect((await client.post(FINALIZE, finalizeBody(cameo, pointer))).status).toBe(200);
  const again = await client.post(FINALIZE, finalizeBody(cameo, pointer, 'another.name'));
  expect(again).toMatchObject({ status: 400, json: { error: { param: 'cameo_id' } } });
});

test('a name belongs to one character, until that is deleted', async () => {
  const { id } = await finalize('unique.name');
  const available = async () => {
    const { json } = await client.post('/backend/project_y/profile/username/check', { username: 'unique.name' });
    return json;
  };
  expect(await available()).toEqual({ available: false });
  const body = finalizeBody(await ready(PRO), await asset(PRO), 'unique.name');
  const taken = { status: 400, json: { error: { code: 'username_not_available' } } };
  expect(await client.post(FINALIZE, body, PRO)).toMatchObject(taken);
  expect((await client.remove(character(id))).status).toBe(204);
  expect(await available()).toEqual({ available: true });
  expect((await client.post(FINALIZE, body, PRO)).status).toBe(200);
});

test('a character is deleted once, by its account alone, and its cameo goes with it', async () => {
  const { cameo, id } = await finalize();
  expect((await client.remove(character(id), PRO)).status).toBe(404);
  expect(await client.remove(character(id))).toMatchObject({ status: 204, text: '' });
  expect((await client.remove(character(id))).status).toBe(404);
  expect((await simulator.get(status(cameo))).status).toBe(404);
  expect((await client.post(update(cameo), { visibility: 'public' })).status).toBe(404);
});

test('a character is made public after it is finalized, by its account alone', async () => {
  const unfinished = await ready();
  expect((await client.post(update(unfinished), { visibility: 'public' })).status).toBe(400);
  const { cameo } = await finalize();
  expect((await client.post(update(cameo), { visibility: 'public' }, PRO)).status).toBe(404);
  for (const body of [{ visibility: 'everyone' }, {}, { visibility: 'public', username: 'x' }]) {
    expect((await client.post(update(cameo), body)).status).toBe(400);
  }
  const answer = await client.post(update(cameo), { visibility: 'public' });
  expect(answer).toMatchObject({ status: 200, json: { cameo: { visibility: 'public' } } });
});

test('a prompt may begin with characters of the account and with public ones, not with others', async () => {
  const { cameo, id } = await finalize('mossyfox.1');
  const prompt = '@mossyfox.1 dances';
  const named = (text: string, email?: string) => simulator.create({ ...plainBody, prompt: text }, email);
  expect((await named(prompt)).status).toBe(200);
  const { submits } = (await simulator.call<{ submits: { characters: string[] }[] }>('/_sim/ledger')).json;
  expect(submits[0]?.characters).toEqual([id]);
  const refused = { status: 400, json: { error: { code: 'character_not_found', param: 'prompt' } } };
  expect(await named(prompt, PRO)).toMatchObject(refused);
  expect(await named('@nobody.here dances')).toMatchObject(refused);
  expect(await named('@mossyfox.1 @nobody.here dance')).toMatchObject(refused);
  expect((await named('Mail me at me@example.com')).status).toBe(200);
  await client.post(update(cameo), { visibility: 'public' });
  expect((await named(prompt, PRO)).status).toBe(200);
  await client.remove(character(id));
  expect(await named(prompt)).toMatchObject(refused);
});

test('cameos of others, and those that never were, are not found', async () => {
  const cameo = await begin();
  expect((await simulator.get(status(cameo), PRO)).status).toBe(404);
  expect((await simulator.get(status('cameo_unknown'))).status).toBe(404);
});
