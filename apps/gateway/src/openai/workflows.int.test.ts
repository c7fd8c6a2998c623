/** What each kind of result looks like to a chat client, streamed and in one piece, and to whoever reads the generation by its id. */
import { waitFor } from '@reelay/testing/wait-for';
import { type Outcome, progress, succeedWith } from '../testing/play-worker.js';
import { dataUri, sampleMp4, samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'stream.recheckMs': 50, 'generation.waitMs': 20_000 },
  });
  key = await gateway.newClient();
});

afterAll(() => gateway.close());

const avatar = { contentType: 'image/webp', bytes: samplePng(8, 8), width: 8, height: 8 };
const png = { contentType: 'image/png', bytes: samplePng(360, 360), width: 360, height: 360 };
const mp4 = { contentType: 'video/mp4', bytes: sampleMp4(), width: 640, height: 360, durationMs: 10_000 };
const character = { username: 'fox.742', displayName: 'Füchs', characterId: 'ch_1', cameoId: 'cameo_1' };
const videoPart = { type: 'video_url', video_url: { url: dataUri('video/mp4', sampleMp4()) } };

interface Choice {
  delta?: { content?: string; reasoning_content?: string };
  message?: { content: string };
  character?: Record<string, unknown>;
  finish_reason: string | null;
}

/** The newest generation, which is the one just asked for: these tests ask one at a time. */
async function newest(than: string | undefined): Promise<string> {
  let id: string | undefined;
  await waitFor(
    async () => {
      id = (await gateway.database.generation.findFirst({ orderBy: { id: 'desc' } }))?.id;
      return id !== than;
    },
    { timeoutMs: 20_000, intervalMs: 10 },
  );
  return id ?? '';
}

async function perform(
  model: string,
  content: unknown,
  outcome: Outcome,
  stream: boolean,
  before = async (_id: string) => {},
) {
  const last = await gateway.database.generation.findFirst({ orderBy: { id: 'desc' } });
  const json = { model, messages: [{ role: 'user', content }], stream };
  const answer = gateway.send(key, '/v1/chat/completions', { json });
  const id = await newest(last?.id);
  await before(id);
  await succeedWith(gateway, id, outcome);
  const response = await answer;
  expect(response.status).toBe(200);
  const text = await response.text();
  const lines = stream ? text.split('\n\n').filter((line) => line.startsWith('data: {')) : [text];
  const choices = lines.map((line) => (JSON.parse(line.replace(/^data: /, '')) as { choices: [Choice] }).choices[0]);
  const contents = choices.flatMap(({ delta, message }) => (delta ?? message)?.content || []);
  return {
    id,
    text,
    choices,
    contents,
    reasoning: choices.map(({ delta }) => delta?.reasoning_content ?? '').join(''),
  };
}

const bothWays: [string, boolean][] = [
  ['streamed', true],
  ['in one piece', false],
];

describe.each(bothWays)('%s', (_name, stream) => {
  test('an image is Markdown, one line each, and its link gives the file', async () => {
    const { contents } = await perform('gpt-image', 'a cat', { media: [png, png] }, stream);
    expect(contents.join('')).toMatch(
      /^!\[Generated Image\]\(http[^)]+\/media\/\w+\.png\?[^)]+\)\n!\[Generated Image\]\(http[^)]+\)$/,
    );
    const [, link = ''] = /\((http[^)]+)\)/.exec(contents.join('')) ?? [];
    const file = await fetch(link);
    expect([file.headers.get('content-type'), Buffer.from(await file.arrayBuffer())]).toEqual(['image/png', png.bytes]);
  });

  test.each([
    ['a remix', 'sora2-landscape-10s', `s_${'ab'.repeat(16)} in ink`],
    ['a storyboard', 'sora2-landscape-10s', '[5s]a [5s]b'],
    ['a character in a video', 'sora2-landscape-10s', [videoPart, { type: 'text', text: 'it dances' }]],
    ['an extension', 'sora2-extension-10s', 'gen_unknown1 on'],
  ])('%s is a video as sora2api writes it', async (_workflow, model, content) => {
    const { contents } = await perform(model, content, { media: [mp4] }, stream);
    expect(contents.join('')).toMatch(/^```html\n<video src='http[^']+\.mp4\?[^']+' controls><\/video>\n```$/);
  });

  test('an enhanced prompt is its own text and nothing else, and the answer ends as every other does', async () => {
    const text = 'PRIMARY: a cat\nSETTING: "dusk" <b>';
    const answer = await perform('prompt-enhance-medium-10s', '猫猫', { text }, stream);
    expect([answer.contents, answer.reasoning]).toEqual([[text], '']);
    expect(answer.choices.at(-1)?.finish_reason).toBe('stop');
    if (stream) expect(answer.text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
  });

  test('a character of a video model is exactly its name, and for programs a field beside it', async () => {
    const { contents, choices, id } = await perform(
      'sora2-landscape-10s',
      [videoPart],
      { media: [avatar], character },
      stream,
    );
    expect(contents).toEqual(['角色创建成功，角色名@fox.742']);
    const card = choices.find((choice) => choice.character)?.character;
    expect(card).toMatchObject({
      username: 'fox.742',
      display_name: 'Füchs',
      character_id: 'ch_1',
      cameo_id: 'cameo_1',
    });
    const file = await fetch(String(card?.profile_asset_url));
    expect(Buffer.from(await file.arrayBuffer())).toEqual(avatar.bytes);
    const view = await gateway.send(key, `/v1/generations/chatcmpl-${id}`);
    expect(await view.json()).toMatchObject({
      ...{ kind: 'character', workflow: 'character', state: 'succeeded', text: null },
      character: { username: 'fox.742', display_name: 'Füchs', character_id: 'ch_1', cameo_id: 'cameo_1' },
      results: [{ content_type: 'image/webp', width: 8, height: 8 }],
    });
  });

  test('a character of avatar-create is a card, then the text', async () => {
    const { contents } = await perform('avatar-create', 'gen_unknown1', { media: [avatar], character }, stream);
    const [line = '', ...rest] = contents.join('').split('\n');
    expect(JSON.parse(line)).toMatchObject({
      event: 'character_card',
      card: {
        ...{ username: 'fox.742', public: true, source_model: 'avatar-create', source_generation_id: 'gen_unknown1' },
        profile_asset_url: expect.stringContaining('/media/') as string,
      },
    });
    const text = ['角色创建成功，角色名@fox.742', '显示名：Füchs', 'Character ID：ch_1', 'Cameo ID：cameo_1'];
    expect([rest, contents.length]).toEqual([text, stream ? 2 : 1]);
  });
});

test('nothing comes after [DONE], whatever the workflow leaves to be cleaned up', async () => {
  const content = [videoPart, { type: 'text', text: 'it dances' }];
  const { text, reasoning } = await perform('sora2-landscape-10s', content, { media: [mp4] }, true);
  expect(text.split('data: [DONE]')).toEqual([expect.any(String), '\n\n']);
  expect(reasoning).toMatch(/^\*\*Character Creation and Video Generation Begins\*\*/);
});

test('between two steps a generation is shown as running, and its progress does not fall', async () => {
  const seen: unknown[] = [];
  const look = async (id: string) => {
    const [video, view] = await Promise.all(
      [`/v1/videos/video_${id}`, `/v1/generations/${id}`].map(async (path) => (await gateway.send(key, path)).json()),
    );
    seen.push([(video as { status: string }).status, (view as { state: string }).state]);
  };
  const between = async (id: string) => {
    await look(id);
    await progress(gateway, { generationId: id, stage: 'rendering', progress: 20 });
    await look(id);
    await gateway.database.generation.update({ where: { id }, data: { state: 'queued', stage: 'preparing', step: 2 } });
    await look(id);
  };
  await perform('sora2-landscape-10s', [videoPart], { media: [avatar], character }, true, between);
  expect(seen).toEqual([
    ['queued', 'queued'],
    ['in_progress', 'running'],
    ['in_progress', 'running'],
  ]);
});
