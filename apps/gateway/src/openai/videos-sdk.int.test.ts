/** Every method that the official SDK has for videos, against the gateway. */
import { characterId } from '@reelay/contracts/ids';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, { APIError, BadRequestError, NotFoundError, toFile } from 'openai';
import { succeedWithDraft } from '../testing/play-draft.js';
import { fail, succeed, succeedWith } from '../testing/play-worker.js';
import { sampleMp4, samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let client: OpenAI;
let stranger: OpenAI;

beforeAll(async () => {
  gateway = await openTestGateway({
    configuration: { FFMPEG_PATH: '/nowhere/ffmpeg' },
    settings: { 'sora.publishForRemix': true, 'stream.recheckMs': 50, 'generation.waitMs': 20_000 },
  });
  const connect = async () =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: await gateway.newClient(), maxRetries: 0 });
  [client, stranger] = [await connect(), await connect()];
});

afterAll(() => gateway.close());

const ulidOf = (id: string | null) => (id ?? '').replace(/^[a-z]+_/, '');
const rowOf = (id: string | null) => gateway.database.generation.findUniqueOrThrow({ where: { id: ulidOf(id) } });
const requestOf = async (id: string | null) => (await rowOf(id)).request as Record<string, unknown>;
const keysOfVideo = [
  ...['id', 'object', 'model', 'status', 'progress', 'created_at', 'completed_at', 'expires_at', 'prompt', 'size'],
  ...['seconds', 'remixed_from_video_id', 'error'],
];

async function refusalOf(work: Promise<unknown>): Promise<APIError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(APIError);
  return error as APIError;
}

/** The newest character asked for, which these tests do one at a time. */
async function characterAskedFor(name: string): Promise<string> {
  const find = () =>
    gateway.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM generation WHERE kind = 'character' AND request -> 'asked' ->> 'name' = ${name} AND state = 'queued'`;
  await waitFor(async () => (await find()).length === 1, { timeoutMs: 20_000, intervalMs: 10 });
  return (await find())[0]?.id ?? '';
}

const avatar = { contentType: 'image/webp', bytes: samplePng(8, 8), width: 8, height: 8 };
const mossy = { username: 'mossy.742', displayName: 'Moss', characterId: 'ch_1', cameoId: 'cameo_1' };

async function createCharacter(name: string): Promise<string> {
  const video = await toFile(sampleMp4(), 'fox.mp4', { type: 'video/mp4' });
  const making = client.videos.createCharacter({ name, video });
  await succeedWith(gateway, await characterAskedFor(name), { media: [avatar], character: mossy });
  return (await making).id ?? '';
}

test('create takes what OpenAI takes, says what is made and keeps what was asked', async () => {
  const image = await toFile(samplePng(20, 10), 'boat.png', { type: 'image/png' });
  const video = await client.videos.create({
    ...{ prompt: 'a paper boat', model: 'sora-2', seconds: '12', size: '1280x720', input_reference: image },
  });
  expect(Object.keys(video)).toEqual(expect.arrayContaining(keysOfVideo));
  expect(video).toMatchObject({
    ...{ object: 'video', model: 'sora2-landscape-15s', seconds: '15', size: '640x360', status: 'queued', progress: 0 },
    ...{ prompt: 'a paper boat', error: null, completed_at: null, remixed_from_video_id: null },
  });
  const asked = { model: 'sora-2', seconds: '12', size: '1280x720' };
  expect(await requestOf(video.id)).toMatchObject({ model: 'sora2-landscape-15s', asked });
  const url = `data:image/png;base64,${samplePng(20, 10).toString('base64')}`;
  const { id } = await client.videos.create({ prompt: 'again', input_reference: { image_url: url } });
  expect(await requestOf(id)).toMatchObject({ references: [{ kind: 'image', contentType: 'image/png' }] });
});

test('retrieve says how often to ask, and a cancelled one is failed with its code', async () => {
  const { id } = await client.videos.create({ prompt: 'cancel me' });
  const { data, response } = await client.videos.retrieve(id).withResponse();
  expect([data.status, response.headers.get('openai-poll-after-ms')]).toEqual([
    'queued',
    expect.stringMatching(/^\d+$/),
  ]);
  await client.post(`/videos/${id}/cancel`);
  expect(await client.videos.retrieve(id)).toMatchObject({
    ...{ status: 'failed', error: { code: 'cancelled', message: expect.any(String) as string }, state: 'cancelled' },
  });
});

test('download gives the file when it is there, and before it an error that no SDK repeats', async () => {
  const { id } = await client.videos.create({ prompt: 'download me' });
  const early = await refusalOf(client.videos.downloadContent(id));
  expect([early.status, early.code]).toEqual([404, 'video_not_ready']);
  const { bytes } = await succeed(gateway, ulidOf(id));
  const download = await client.videos.downloadContent(id, { variant: 'video' });
  expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
  const broken = await client.videos.create({ prompt: 'break' });
  await fail(gateway, ulidOf(broken.id), { code: 'upstream_failed', message: 'It broke.' });
  expect(await refusalOf(client.videos.downloadContent(broken.id))).toMatchObject({ code: 'upstream_failed' });
});

test.each(['thumbnail', 'spritesheet'] as const)(
  'without ffmpeg a %s is refused with what to install',
  async (variant) => {
    const { id } = await client.videos.create({ prompt: 'no pictures' });
    await succeed(gateway, ulidOf(id));
    const refusal = await refusalOf(client.videos.downloadContent(id, { variant }));
    expect(refusal).toMatchObject({ status: 404, code: 'variant_unavailable', param: 'variant' });
    expect(refusal.message).toMatch(/apt-get install ffmpeg/);
  },
);

test('delete removes it, and its id is unknown from then on', async () => {
  const { id } = await client.videos.create({ prompt: 'delete me' });
  expect(await client.videos.delete(id)).toEqual({ id, object: 'video.deleted', deleted: true });
  expect(await refusalOf(client.videos.retrieve(id))).toBeInstanceOf(NotFoundError);
  expect(await refusalOf(client.videos.delete(id))).toBeInstanceOf(NotFoundError);
});

test('list is paged by the SDK itself, over every dialect that made a video, without what was deleted', async () => {
  const apiKey = await gateway.newClient();
  const own = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
  expect(await (await own.videos.list()).data).toEqual([]);
  const ids: string[] = [];
  for (const prompt of ['one', 'two', 'three', 'four', 'five']) ids.push((await own.videos.create({ prompt })).id);
  const messages = [{ role: 'user' as const, content: 'a cat' }];
  const chat = await own.chat.completions.create({ model: 'sora2-landscape-10s', messages, stream: true });
  chat.controller.abort();
  await own.videos.delete(ids.splice(2, 1)[0] ?? '');
  const seen: string[] = [];
  for await (const video of own.videos.list({ limit: 2 })) seen.push(video.id);
  expect(seen.slice(1)).toEqual(ids.toReversed());
  expect(seen).toHaveLength(5);
  const page = await own.get('/videos', { query: { limit: 2, order: 'asc', after: ids[0] } });
  expect(page).toMatchObject({ object: 'list', first_id: ids[1], last_id: ids[2], has_more: true });
  expect(page).toMatchObject({ data: [{ queue_position: expect.any(Number) as number, prompt: 'two' }, {}] });
  const none = await own.get('/videos', { query: { limit: 0 } });
  expect(none).toEqual({ object: 'list', data: [], first_id: null, last_id: null, has_more: true });
  expect(await refusalOf(stranger.videos.list({ after: ids[0] ?? '' }))).toMatchObject({
    ...{ status: 404, code: 'not_found', param: 'after' },
  });
  expect(await refusalOf(own.videos.list({ limit: 101 }))).toMatchObject({ status: 400, param: 'limit' });
  expect((await stranger.videos.list()).data).toEqual([]);
});

test('remix makes a new video as the old one was made', async () => {
  const { id } = await client.videos.create({ prompt: 'a boat', model: 'sora2-portrait-15s' });
  expect(await refusalOf(client.videos.remix(id, { prompt: 'in ink' }))).toMatchObject({
    ...{ code: 'invalid_value', param: 'id', message: expect.stringContaining(`${id} is not finished yet`) as string },
  });
  const { draftId, tokenId } = await succeedWithDraft(gateway, ulidOf(id));
  const remix = await client.videos.remix(id, { prompt: 'in ink' });
  expect(remix).toMatchObject({
    model: 'sora2-portrait-15s',
    remixed_from_video_id: id,
    status: 'queued',
    prompt: 'in ink',
  });
  expect(await rowOf(remix.id)).toMatchObject({
    lane: `sora:video:any:sora2:${tokenId}`,
    request: { workflow: 'remix', parent: { type: 'draft', id: draftId, generationId: ulidOf(id) } },
  });
  const form = new FormData();
  form.set('prompt', 'in oil');
  const asForm = await gateway.send(client.apiKey ?? '', `/v1/videos/${id}/remix`, { body: form });
  expect(await asForm.json()).toMatchObject({ remixed_from_video_id: id, prompt: 'in oil' });
});

test('extend goes on with a video on the account that has it', async () => {
  const { id } = await client.videos.create({ prompt: 'a boat' });
  const { draftId, tokenId } = await succeedWithDraft(gateway, ulidOf(id));
  const longer = await client.videos.extend({ prompt: 'it sails on', seconds: '12', video: { id } });
  expect(longer).toMatchObject({ model: 'sora2-extension-15s', seconds: '25', size: '640x360', prompt: 'it sails on' });
  expect(await rowOf(longer.id)).toMatchObject({
    lane: `sora:video:any:sora2:${tokenId}`,
    request: { workflow: 'extension', parent: { id: draftId }, seconds: 15, asked: { seconds: '12' } },
  });
  const video = await toFile(sampleMp4(), 'boat.mp4');
  expect(await refusalOf(client.videos.extend({ prompt: 'on', seconds: '8', video }))).toMatchObject({
    ...{ status: 400, code: 'not_supported_by_model', param: 'video' },
  });
});

test('an extension is as long as all of it and as large as its beginning, before its end and after', async () => {
  const { id } = await client.videos.create({ prompt: 'a boat', model: 'sora2-portrait-15s' });
  await succeedWithDraft(gateway, ulidOf(id));
  await gateway.database.$executeRaw`
    UPDATE generation SET result = jsonb_set(result, '{media,0}', result #> '{media,0}' || '{"width": 352, "height": 640, "durationMs": 14960}')
    WHERE id = ${ulidOf(id)}`;
  const first = await client.videos.extend({ prompt: 'it sails on', seconds: '8', video: { id } });
  expect(first).toMatchObject({ seconds: '25', size: '352x640' });
  expect(await client.videos.retrieve(first.id)).toMatchObject({ seconds: '25', size: '352x640' });
  await succeedWithDraft(gateway, ulidOf(first.id));
  await gateway.database.$executeRaw`
    UPDATE generation SET result = '{"media": [{"assetId": "1", "contentType": "video/mp4", "sizeBytes": 0, "url": "https://videos.example/x"}]}'
    WHERE id = ${ulidOf(first.id)}`;
  expect(await client.videos.retrieve(first.id)).toMatchObject({ seconds: '25', size: '352x640' });
  const second = await client.videos.extend({ prompt: 'and on', seconds: '12', video: { id: first.id } });
  expect(second).toMatchObject({ seconds: '40', size: '352x640' });
  const media = [{ contentType: 'video/mp4', bytes: sampleMp4(), width: 360, height: 640, durationMs: 38_600 }];
  await succeedWith(gateway, ulidOf(second.id), { media });
  expect(await client.videos.retrieve(second.id)).toMatchObject({ seconds: '39', size: '360x640' });
  const unknown = await client.videos.extend({ prompt: 'on', seconds: '8', video: { id: 'gen_unknown1' } });
  expect(unknown).toMatchObject({ seconds: '10', size: '' });
});

test('what goes on with a simulated video is simulated, also while it waits', async () => {
  const { id } = await client.videos.create({ prompt: 'a boat' });
  await succeedWithDraft(gateway, ulidOf(id));
  for (const simulated of [true, false]) {
    await gateway.database.generation.update({ where: { id: ulidOf(id) }, data: { simulated } });
    expect(await client.videos.remix(id, { prompt: 'in ink' })).toMatchObject({ simulated });
    expect(await client.videos.extend({ prompt: 'on', seconds: '8', video: { id } })).toMatchObject({ simulated });
  }
});

test('remix of an extension that was passed on is of the orientation of what was continued', async () => {
  const unseen = async (id: string) => {
    await succeedWithDraft(gateway, ulidOf(id));
    await gateway.database.$executeRaw`
      UPDATE generation SET result = jsonb_build_object('media', jsonb_build_array(jsonb_build_object(
        'assetId', id || '_0', 'contentType', 'video/mp4', 'sizeBytes', 0, 'url', 'https://videos.example/x')))
      WHERE id = ${ulidOf(id)}`;
  };
  for (const [model, remixing] of [
    ['sora2-portrait-15s', 'sora2-portrait-10s'],
    ['sora2-landscape-10s', 'sora2-landscape-10s'],
  ] as const) {
    const { id } = await client.videos.create({ prompt: `a boat of ${model}`, model });
    await unseen(id);
    const longer = await client.videos.extend({ prompt: 'it sails on', seconds: '8', video: { id } });
    await unseen(longer.id);
    expect(await client.videos.remix(longer.id, { prompt: 'in ink' })).toMatchObject({ model: remixing });
    expect(await client.videos.remix(id, { prompt: 'in oil' })).toMatchObject({ model });
  }
});

test('edit is refused by the model, after the video was found', async () => {
  const { id } = await client.videos.create({ prompt: 'a boat' });
  const video = await toFile(sampleMp4(), 'boat.mp4');
  for (const given of [{ id }, video]) {
    const refusal = await refusalOf(client.videos.edit({ prompt: 'in ink', video: given }));
    expect(refusal).toBeInstanceOf(BadRequestError);
    expect(refusal.code).toBe('not_supported_by_model');
  }
  expect(await refusalOf(stranger.videos.edit({ prompt: 'in ink', video: { id } }))).toMatchObject({
    ...{ status: 404, code: 'not_found', param: 'video.id' },
  });
});

test('a character is made of a file, found by its id, and plays where prompts or fields name it', async () => {
  const id = await createCharacter('Mossy');
  expect(id).toMatch(/^char_[0-9A-Z]{26}$/);
  const found = await client.videos.getCharacter(id);
  expect(found).toMatchObject({
    ...{ id, name: 'Mossy', created_at: expect.any(Number) as number, status: 'completed', username: 'mossy.742' },
  });
  expect(await requestOf(id)).toMatchObject({ workflow: 'character', references: [{ kind: 'video' }] });

  const characters = { characters: [{ id }] };
  const prompts: [string, object, string][] = [
    [`${id} dances`, {}, '@mossy.742 dances'],
    [`@${id} dances with ${id}`, {}, '@mossy.742 dances with @mossy.742'],
    ['mossy dances, and Mossy sings', characters, '@mossy.742 dances, and @mossy.742 sings'],
    ['mossyness', characters, '@mossy.742 mossyness'],
    ['@mossy.742 dances', characters, '@mossy.742 dances'],
  ];
  for (const [prompt, fields, sent] of prompts) {
    const video = await client.videos.create({ prompt, ...fields });
    expect(video.prompt).toBe(prompt);
    expect(await requestOf(video.id)).toMatchObject({ workflow: 'video', prompt: sent });
  }
});

test('a character is made of a video that is there, and what it failed with is the answer', async () => {
  const { id } = await client.videos.create({ prompt: 'a fox' });
  const { draftId } = await succeedWithDraft(gateway, ulidOf(id));
  const making = client.post('/videos/characters', { body: { name: 'Rex', video: { id } } });
  const refusal = refusalOf(making);
  const ulid = await characterAskedFor('Rex');
  expect(await requestOf(characterId(ulid))).toMatchObject({ parent: { id: draftId } });
  const open = await refusalOf(client.videos.create({ prompt: `${characterId(ulid)} dances` }));
  expect(open).toMatchObject({ status: 400, code: 'invalid_value', param: 'prompt' });
  await fail(gateway, ulid, { code: 'character_failed', message: 'Nobody is in it.' });
  expect(await refusal).toMatchObject({ status: 400, code: 'character_failed' });
  expect(await client.videos.getCharacter(characterId(ulid))).toMatchObject({ status: 'failed', username: null });
});

test('nobody finds, uses or names what belongs to another owner', async () => {
  const { id } = await client.videos.create({ prompt: 'mine' });
  await succeedWithDraft(gateway, ulidOf(id));
  const character = await createCharacter('Private');
  const works: [Promise<unknown>, string][] = [
    [stranger.videos.retrieve(id), 'id'],
    [stranger.videos.downloadContent(id), 'id'],
    [stranger.videos.downloadContent(id, { variant: 'thumbnail' }), 'id'],
    [stranger.videos.delete(id), 'id'],
    [stranger.post(`/videos/${id}/cancel`), 'id'],
    [stranger.videos.remix(id, { prompt: 'x' }), 'id'],
    [stranger.videos.extend({ prompt: 'x', seconds: '8', video: { id } }), 'video.id'],
    [stranger.videos.getCharacter(character), 'id'],
    [stranger.videos.create({ prompt: `${character} dances` }), 'prompt'],
    [stranger.videos.create({ prompt: 'x', ...{ characters: [{ id: character }] } }), 'characters[0].id'],
    [stranger.post('/videos/characters', { body: { name: 'x', video: { id } } }), 'video.id'],
    [client.videos.getCharacter(id), 'id'],
  ];
  for (const [work, param] of works) {
    expect(await refusalOf(work)).toMatchObject({ status: 404, code: 'not_found', param });
  }
  expect(await refusalOf(client.videos.create({ prompt: 'x', ...{ characters: [{ id }] } }))).toMatchObject({
    ...{ status: 400, code: 'invalid_value', param: 'characters[0].id' },
  });
});

test('the names beside ids are no ids', async () => {
  for (const name of ['characters', 'edits', 'extensions']) {
    expect(await refusalOf(client.videos.retrieve(name))).toMatchObject({ status: 404, code: 'not_found' });
  }
});

test("OpenAI's names are listed as models, and ids with slashes are ids", async () => {
  const { data } = await client.models.list();
  expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(['sora2-landscape-10s', 'sora-2', 'sora-2-pro']));
  const nothingFixed = { orientation: null, size: null, seconds: null };
  expect(await client.models.retrieve('sora-2')).toMatchObject({
    id: 'sora-2',
    object: 'model',
    kind: 'video',
    ...nothingFixed,
  });
  expect(await client.models.retrieve('sora2-portrait-15s')).toMatchObject({ id: 'sora2-portrait-15s', seconds: 15 });
  const chat = { model: 'sora-2', messages: [{ role: 'user' as const, content: 'a cat' }], stream: true as const };
  (await client.chat.completions.create(chat)).controller.abort();
  expect((await refusalOf(client.models.retrieve('openai/sora-2'))).code).toBe('model_not_found');
  for (const path of ['/v1/models/openai/sora-2', '/v1/models/openai%2Fsora-2', '/v1/models/a/b/c']) {
    const response = await gateway.send(client.apiKey ?? '', path);
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { code: 'model_not_found', message: expect.stringMatching(/"(openai\/sora-2|a\/b\/c)"/) as string } },
    ]);
  }
});
