import {
  type Client,
  clientOf,
  extensionBody,
  type Made,
  PLUS,
  PRO,
  remixBody,
  storyboardBody,
} from '../testing/client.js';
import { parseMp4 } from '../testing/parse-mp4.js';
import { type Answer, plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const CREATE = '/backend/nf/create';
const STORYBOARD = '/backend/nf/create/storyboard';
const extend = (generation: string) => `/backend/project_y/profile/drafts/${generation}/long_video_extension`;

let simulator: RunningSimulator;
let client: Client;

beforeEach(async () => {
  simulator = await startSimulator();
  client = clientOf(simulator);
});

afterEach(() => simulator.close());

async function lastSubmit() {
  return (await simulator.call<{ submits: Record<string, unknown>[] }>('/_sim/ledger')).json.submits.at(-1);
}

/** Waits for the draft of a task and reads its file. */
async function video({ json: { id } }: Answer<Made>, email?: string) {
  simulator.clock.now += 10_000;
  const { items } = (await simulator.drafts('', email)).json;
  const response = await fetch(items.find((item) => item.task_id === id)?.url ?? '');
  return parseMp4(Buffer.from(await response.arrayBuffer()));
}

function without(body: object, key: string): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== key));
}

test('a video from a picture is accepted, and its record names the upload', async () => {
  const { id } = (await client.upload()).json;
  const body = { ...plainBody, inpaint_items: [{ kind: 'upload', upload_id: id }] };
  expect((await simulator.create(body)).status).toBe(200);
  expect(await lastSubmit()).toMatchObject({ kind: 'video', endpoint: 'create', body, uploads: [id], parent: null });
});

describe('remix', () => {
  test('is accepted for any share id, and becomes a video of its orientation and length', async () => {
    const answer = await client.submit(CREATE, remixBody);
    expect(answer.status).toBe(200);
    expect(await lastSubmit()).toMatchObject({
      kind: 'remix',
      endpoint: 'create',
      body: remixBody,
      parent: remixBody.remix_target_id,
      model: 'sy_8',
    });
    expect(await video(answer)).toMatchObject({ width: 360, height: 640, durationSeconds: 15 });
  });

  test.each(Object.keys(remixBody).filter((key) => key !== 'remix_target_id'))('needs "%s"', async (param) => {
    const refused = { status: 400, json: { error: { code: 'missing_parameter', param } } };
    expect(await client.submit(CREATE, without(remixBody, param))).toMatchObject(refused);
  });

  test('without its target is a plain video with keys too many', async () => {
    const answer = await client.submit(CREATE, without(remixBody, 'remix_target_id'));
    expect(answer).toMatchObject({ status: 400, json: { error: { type: 'invalid_request_error' } } });
  });

  test.each([
    ['a size', { size: 'small' }, 'size'],
    ['the large model', { model: 'sy_ore' }, 'model'],
    [
      'a target that is a link',
      { remix_target_id: `https://sora.chatgpt.com/p/${remixBody.remix_target_id}` },
      'remix_target_id',
    ],
    ['a target in capitals', { remix_target_id: remixBody.remix_target_id.toUpperCase() }, 'remix_target_id'],
    ['no target', { remix_target_id: null }, 'remix_target_id'],
    ['a picture', { inpaint_items: [{ kind: 'upload', upload_id: 'media_1' }] }, 'inpaint_items'],
    ['cameos', { cameo_ids: ['cameo_1'] }, 'cameo_ids'],
    ['no cameos at all', { cameo_ids: null }, 'cameo_ids'],
    ['replacements', { cameo_replacements: { a: 'b' } }, 'cameo_replacements.a'],
    ['a list of replacements', { cameo_replacements: [] }, 'cameo_replacements'],
    ['a blank prompt', { prompt: ' ' }, 'prompt'],
    ['a style that does not exist', { style_id: 'cubist' }, 'style_id'],
  ])('refuses %s', async (_, changes, param) => {
    const answer = await client.submit(CREATE, { ...remixBody, ...changes });
    expect(answer).toMatchObject({ status: 400, json: { error: { param } } });
  });
});

describe('storyboard', () => {
  test('is accepted, and becomes a video', async () => {
    const body = { ...storyboardBody, style_id: 'anime' };
    const answer = await client.submit(STORYBOARD, body);
    expect(answer.status).toBe(200);
    expect(await lastSubmit()).toMatchObject({ kind: 'storyboard', endpoint: 'storyboard', body, style: 'anime' });
    expect(await video(answer)).toMatchObject({ width: 640, height: 360, durationSeconds: 10 });
  });

  test('may have a picture', async () => {
    const { id } = (await client.upload()).json;
    const inpaint_items = [{ kind: 'upload', upload_id: id }];
    expect((await client.submit(STORYBOARD, { ...storyboardBody, inpaint_items })).status).toBe(200);
    expect(await lastSubmit()).toMatchObject({ uploads: [id] });
  });

  test('has seventeen keys', () => {
    expect(Object.keys(storyboardBody)).toHaveLength(17);
  });

  test.each(Object.keys(storyboardBody))('needs "%s"', async (param) => {
    const refused = { status: 400, json: { error: { code: 'missing_parameter', param } } };
    expect(await client.submit(STORYBOARD, without(storyboardBody, param))).toMatchObject(refused);
  });

  test.each([
    ['an eighteenth key', { seed: 1 }, 'seed'],
    ['another title', { title: 'My video' }, 'title'],
    ['the large size', { size: 'large' }, 'size'],
    ['the large model', { model: 'sy_ore' }, 'model'],
    ['a target', { remix_target_id: remixBody.remix_target_id }, 'remix_target_id'],
    ['empty cameos', { cameo_ids: [] }, 'cameo_ids'],
    ['empty replacements', { cameo_replacements: {} }, 'cameo_replacements'],
    ['a caption', { video_caption: '' }, 'video_caption'],
    ['metadata', { metadata: {} }, 'metadata'],
    ['a prompt without form', { prompt: 'a cat' }, 'prompt'],
    ['an unknown upload', { inpaint_items: [{ kind: 'upload', upload_id: 'm' }] }, 'inpaint_items.0.upload_id'],
  ])('refuses %s', async (_, changes, param) => {
    const answer = await client.submit(STORYBOARD, { ...storyboardBody, ...changes });
    expect(answer).toMatchObject({ status: 400, json: { error: { param } } });
  });
});

describe('extension', () => {
  test('gives the whole video: the draft, and what comes after it', async () => {
    const draft = await client.draft({ ...plainBody, orientation: 'portrait', n_frames: 450, style_id: 'retro' });
    const answer = await client.submit(extend(draft), { ...extensionBody, extension_duration_s: 15 });
    expect(answer.status).toBe(200);
    expect(await lastSubmit()).toMatchObject({ kind: 'extension', parent: draft, style: 'retro', model: 'sy_8' });
    expect(await video(answer)).toMatchObject({ width: 360, height: 640, durationSeconds: 30 });
  });

  test('can be extended again, up to two minutes', async () => {
    let draft = await client.draft();
    for (let seconds = 25; ; seconds += 15) {
      const answer = await client.submit(extend(draft), { ...extensionBody, extension_duration_s: 15 });
      if (seconds > 120) {
        expect(answer).toMatchObject({ status: 400, json: { error: { param: 'extension_duration_s' } } });
        return;
      }
      expect(answer.status).toBe(200);
      simulator.clock.now += 10_000;
      const { items } = (await simulator.drafts()).json;
      draft = items[0]?.id ?? '';
    }
  });

  test('of a draft of another account, of none, or of one that is not finished, is not found', async () => {
    const draft = await client.draft();
    expect((await client.submit(extend(draft), extensionBody, PRO)).status).toBe(404);
    expect((await client.submit(extend('gen_unknown'), extensionBody)).status).toBe(404);
    const { id } = (await simulator.create({ ...plainBody, prompt: 'Not yet' })).json;
    const { submits } = (await simulator.call<{ submits: { taskId: string; generationId: string }[] }>('/_sim/ledger'))
      .json;
    const unfinished = submits.find(({ taskId }) => taskId === id)?.generationId ?? '';
    expect((await client.submit(extend(unfinished), extensionBody)).status).toBe(404);
  });

  test('of a draft that violates the rules is not found', async () => {
    const draft = await client.draft({ ...plainBody, prompt: 'Bad [sim:violation]' });
    expect(draft).toMatch(/^gen_/);
    expect((await client.submit(extend(draft), extensionBody)).status).toBe(404);
  });

  test.each(Object.keys(extensionBody))('needs "%s"', async (param) => {
    const draft = await client.draft();
    const refused = { status: 400, json: { error: { code: 'missing_parameter', param } } };
    expect(await client.submit(extend(draft), without(extensionBody, param))).toMatchObject(refused);
  });

  test.each([
    ['an unknown key', { prompt: 'x' }, 'prompt'],
    ['20 seconds', { extension_duration_s: 20 }, 'extension_duration_s'],
    ['seconds as text', { extension_duration_s: '10' }, 'extension_duration_s'],
    ['no rewriting', { enable_rewrite: false }, 'enable_rewrite'],
    ['a blank prompt', { user_prompt: '' }, 'user_prompt'],
  ])('refuses %s', async (_, changes, param) => {
    const answer = await client.submit(extend(await client.draft()), { ...extensionBody, ...changes });
    expect(answer).toMatchObject({ status: 400, json: { error: { param } } });
  });
});

test('25 seconds need the Pro plan in every workflow; an extension to 25 seconds does not', async () => {
  const remix = { ...remixBody, n_frames: 750 };
  const storyboard = { ...storyboardBody, n_frames: 750 };
  const refused = { status: 403, json: { error: { code: 'plan_not_allowed' } } };
  expect(await client.submit(CREATE, remix)).toMatchObject(refused);
  expect(await client.submit(STORYBOARD, storyboard)).toMatchObject(refused);
  expect((await client.submit(CREATE, remix, PRO)).status).toBe(200);
  expect((await client.submit(STORYBOARD, storyboard, PRO)).status).toBe(200);
  const draft = await client.draft({ ...plainBody, n_frames: 450 });
  expect((await client.submit(extend(draft), extensionBody)).status).toBe(200);
});

test.each([
  ['a remix', CREATE, remixBody],
  ['a storyboard', STORYBOARD, storyboardBody],
  ['an extension', extend('gen_unknown'), extensionBody],
])('%s without a sentinel token is refused', async (_, path, body) => {
  expect(await client.post(path, body)).toMatchObject({ status: 400, json: { error: { code: 'sentinel_refused' } } });
});

test.each([
  ['a remix', CREATE, remixBody, 'create'],
  ['a storyboard', STORYBOARD, storyboardBody, 'storyboard'],
])('%s obeys the faults of its endpoint', async (_, path, body, endpoint) => {
  await simulator.send('/_sim/faults', { kind: 'violation', endpoint, count: 1, reason: 'because' });
  await client.submit(path, body);
  simulator.clock.now += 10_000;
  const { items } = (await simulator.drafts()).json;
  expect(items).toMatchObject([{ kind: 'sora_content_violation', reason_str: 'because', url: null }]);
});

test('a storyboard obeys the markers in its prompt', async () => {
  const prompt = `${storyboardBody.prompt} [sim:vanishing]`;
  await client.submit(STORYBOARD, { ...storyboardBody, prompt });
  expect((await simulator.get<unknown[]>('/backend/nf/pending/v2')).json).toHaveLength(1);
  simulator.clock.now += 10_000;
  expect((await simulator.drafts()).json.items).toEqual([]);
});

test('200 videos of one account that finish at once are all found, page by page', async () => {
  const world = await startSimulator({ renderMs: 1_000 });
  await world.send('/_sim/speed', { proofRequired: false });
  const made = new Set<string>();
  for (let k = 0; k < 200; k += 1) made.add((await world.create({ ...plainBody, prompt: `Number ${k}` })).json.id);
  expect((await world.get<unknown[]>('/backend/nf/pending/v2')).json).toHaveLength(200);
  world.clock.now += 2_000;
  let query = '?limit=100';
  for (let pages = 0; pages < 3 && query !== ''; pages += 1) {
    const { items, cursor } = (await world.drafts(query, PLUS)).json;
    for (const item of items) made.delete(item.task_id);
    query = cursor === null ? '' : `?limit=100&cursor=${cursor}`;
  }
  await world.close();
  expect(made.size).toBe(0);
});
