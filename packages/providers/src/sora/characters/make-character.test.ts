import type { Json, Operation, StepContext, SubmitContext } from '@reelay/contracts/provider';
import { createContext } from '../__fixtures__/contexts.js';
import { parseRecorded, readRecorded } from '../__fixtures__/recorded.js';
import { characterRequest, characterVideoRequest } from '../__fixtures__/requests.js';
import { ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const errors = parseRecorded<Record<string, unknown>>('errors.json');
const cameos =
  parseRecorded<Record<'looking' | 'completed' | 'finalized' | 'failed', Record<string, Json>>>('cameos.json');
const routes = {
  upload: 'POST /backend/characters/upload',
  cameo: 'GET /backend/project_y/cameos/in_progress/cameo_01',
  avatar: 'GET /avatars/one.webp',
  file: 'POST /backend/project_y/file/upload',
  finalize: 'POST /backend/characters/finalize',
  publish: 'POST /backend/project_y/cameos/by_id/cameo_01/update_v2',
  sentinel: 'POST /backend-api/sentinel/req',
  create: 'POST /backend/nf/create',
};
const avatar = Buffer.from('RIFF\0\0\0\0WEBP\xff', 'latin1');

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  const completed = { ...cameos.completed, profile_asset_url: `${upstream.url}/avatars/one.webp` };
  upstream
    .on(routes.upload, { body: { id: 'cameo_01' } })
    .on(routes.cameo, { body: completed })
    .on(routes.avatar, { body: avatar, headers: { 'content-type': 'image/webp' } })
    .on(routes.file, { body: { asset_pointer: 'sediment://file_1' } })
    .on(routes.finalize, { body: { character: { character_id: 'char_01' } } })
    .on(routes.publish, { body: {} })
    .on(routes.sentinel, { body: readRecorded('sentinel.json') })
    .on(routes.create, { body: { id: 'task_01' } });
});
afterEach(() => upstream.close());

const beforeSend: SubmitContext['beforeSend'] = async () => {
  upstream.log.push('beforeSend');
  return { commitStartedAt: performance.now(), freshMs: 5_000 };
};
const context = (changes: Partial<SubmitContext> = {}) => createContext(upstream.url, { beforeSend, ...changes });
const pollOnce = async (operation: Operation) => {
  const { outcomes } = await provider.poll([operation], context());
  return outcomes.get(operation.id);
};
const prepared = {
  cameoId: 'cameo_01',
  avatarUrl: 'https://videos.openai.com/az/avatars/one.webp?sig=a',
  username: 'quickfox550',
  displayName: 'Quick Fox',
  assetPointer: 'sediment://file_1',
};
const carried = () => ({
  cameoId: 'cameo_01',
  avatarUrl: `${upstream.url}/avatars/one.webp`,
  usernameHint: 'ada.QuickFox',
  displayName: 'Quick Fox',
});

/** Prepares and submits one step the way a worker does, with JSON in between. */
async function runStep(request: typeof characterRequest, step: number, handedOn: Json) {
  const changes: Partial<StepContext> = { step, carried: handedOn };
  const ready = JSON.parse(JSON.stringify(await provider.prepare(request, context(changes)))) as Json;
  return provider.submit(request, ready, context(changes));
}

test('a character alone is uploaded, named, shown to everybody and kept', async () => {
  const uploaded = await runStep(characterRequest, 1, null);
  expect(uploaded).toEqual({
    operation: { id: 'cameo:cameo_01', data: { type: 'cameo', cameoId: 'cameo_01' } },
  });
  const looked = await pollOnce(uploaded.operation);
  expect(looked).toEqual({ state: 'next', operation: uploaded.operation, carried: carried() });

  const finalized = await runStep(characterRequest, 2, carried());
  expect(finalized.operation.id).toBe('character:cameo_01');
  expect(finalized.litter).toBeUndefined();
  expect(await pollOnce(finalized.operation)).toEqual({
    state: 'done',
    operation: finalized.operation,
    media: [{ url: `${upstream.url}/avatars/one.webp`, kind: 'image' }],
    character: { username: 'quickfox550', displayName: 'Quick Fox', characterId: 'char_01', cameoId: 'cameo_01' },
  });
  expect(upstream.log).toEqual([
    'beforeSend',
    routes.upload,
    routes.cameo,
    routes.avatar,
    routes.file,
    'beforeSend',
    routes.finalize,
    routes.publish,
  ]);
  expect(upstream.requestsTo('/backend/project_y/cameos/by_id/cameo_01/update_v2')[0]?.body).toBe(
    '{"visibility":"public"}',
  );
});

test('a character that plays in a video stays private and is removed, and the video names it', async () => {
  const finalized = await runStep(characterVideoRequest, 2, carried());
  expect(finalized.litter).toEqual([
    { kind: 'character', reference: { characterId: 'char_01', cameoId: 'cameo_01', username: 'quickfox550' } },
  ]);
  upstream.log.length = 0;
  const next = await pollOnce(finalized.operation);
  expect(next).toMatchObject({ state: 'next', carried: { username: 'quickfox550', cameoId: 'cameo_01' } });
  expect(upstream.log).toEqual([]);

  const created = await runStep(characterVideoRequest, 3, (next as { carried: Json }).carried);
  expect(created).toEqual({ operation: { id: 'task_01', data: { type: 'video' } } });
  expect(upstream.log).toEqual([routes.sentinel, 'beforeSend', routes.create]);
  expect(upstream.requestsTo('/backend/nf/create')[0]?.body).toContain('"prompt":"@quickfox550 dances in the rain"');
});

test('the upload carries the bytes of the video and the seconds to look at', async () => {
  await runStep(characterRequest, 1, null);
  const boundary = '----------------------------00000000000040008000000000000001';
  expect(upstream.requests[0]?.body).toBe(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="video.mp4"\r\nContent-Type: video/mp4\r\n\r\n` +
      `bytes of clip \u{1f98a}\r\n--${boundary}\r\nContent-Disposition: form-data; name="timestamps"\r\n\r\n0,3\r\n` +
      `--${boundary}--\r\n`,
  );
});

test('the finalization has exactly its keys, and none of the account goes to the host of the avatar', async () => {
  await runStep(characterRequest, 2, carried());
  expect(upstream.requestsTo('/backend/characters/finalize')[0]?.body).toBe(
    '{"cameo_id":"cameo_01","username":"quickfox550","display_name":"Quick Fox",' +
      '"profile_asset_pointer":"sediment://file_1","instruction_set":null,"safety_instruction_set":null}',
  );
  expect(upstream.requestsTo('/avatars/one.webp')[0]?.headers).not.toHaveProperty('authorization');
  expect(upstream.requestsTo('/backend/project_y/file/upload')[0]?.body).toMatch(
    /filename="profile\.webp"\r\nContent-Type: image\/webp\r\n\r\nRIFF[\s\S]+name="use_case"\r\n\r\nprofile\r\n/,
  );
});

test.each([
  'http://169.254.169.254/latest/meta-data',
  'https://example.org/one.webp',
  'http://localhost:1/one.webp',
  'file:///etc/passwd',
  'one.webp',
])('an avatar is fetched from no other host than the target allows: %s (fault 17)', async (avatarUrl) => {
  const prepare = provider.prepare(characterRequest, context({ step: 2, carried: { ...carried(), avatarUrl } }));
  await expect(prepare).rejects.toMatchObject({ code: 'media_unavailable', submitClass: 'refused' });
  expect(upstream.log).toEqual([]);
});

test.each([
  { status: 302, headers: { location: 'http://example.org/' } },
  { status: 403 },
  { status: 401 },
  { body: '' },
])('an avatar that is not given stops the step for now and touches no token: %j (fault 17)', async (answer) => {
  upstream.on(routes.avatar, answer);
  await expect(provider.prepare(characterRequest, context({ step: 2, carried: carried() }))).rejects.toMatchObject({
    submitClass: 'not_sent',
    fault: 'upstream',
    tokenEffect: { effect: 'none' },
  });
  // Where it lies now is asked, and it is still there.
  expect(upstream.log).toEqual([routes.avatar, routes.cameo]);
});

test('an avatar whose address has aged is fetched from the one the upstream gives now', async () => {
  const aged = `${upstream.url}/avatars/one.webp?sig=aged`;
  upstream.on(routes.avatar, ({ query }) => (query.get('sig') === 'aged' ? { status: 403 } : { body: avatar }));
  const ready = await provider.prepare(
    characterRequest,
    context({ step: 2, carried: { ...carried(), avatarUrl: aged } }),
  );
  expect(ready).toMatchObject({ avatarUrl: `${upstream.url}/avatars/one.webp`, assetPointer: 'sediment://file_1' });
  expect(upstream.log).toEqual([routes.avatar, routes.cameo, routes.avatar, routes.file]);
});

test('a name that is taken sends the step back, and the next time another one is chosen', async () => {
  upstream.on(routes.finalize, { status: 400, body: errors.username }, { body: { character: { character_id: 'c' } } });
  const chances = [0.1, 0.9];
  const step = { step: 2, carried: carried(), random: () => chances[0] ?? 0 };
  const submit = async () => {
    const ready = await provider.prepare(characterRequest, context(step));
    return provider.submit(characterRequest, ready, context(step));
  };
  await expect(submit()).rejects.toMatchObject({
    submitClass: 'refused',
    fault: 'upstream',
    tokenEffect: { effect: 'none' },
  });
  chances.shift();
  await submit();
  const names = upstream.requestsTo('/backend/characters/finalize').map(({ body }) => JSON.parse(body).username);
  expect(names).toEqual(['quickfox190', 'quickfox910']);
});

describe('a finalization with unknown outcome', () => {
  const lookUp = (request: typeof characterRequest) =>
    provider.lookUp(request, prepared, context({ step: 2, carried: carried() }));

  test('has happened where the cameo is finalized, for nobody else does that', async () => {
    upstream.on(routes.cameo, { body: cameos.finalized });
    const found = await lookUp(characterVideoRequest);
    expect(found).toMatchObject({
      operation: { id: 'character:cameo_01', data: { username: 'quickfox550', isTemporary: true } },
      litter: [{ kind: 'character', reference: { characterId: null, cameoId: 'cameo_01' } }],
    });
    expect((await lookUp(characterRequest))?.litter).toBeUndefined();
  });

  test('tells the id of the character where the upstream says it', async () => {
    upstream.on(routes.cameo, { body: { ...cameos.finalized, character: { character_id: 'char_02' } } });
    expect(await lookUp(characterRequest)).toMatchObject({ operation: { data: { characterId: 'char_02' } } });
  });

  test('has not happened where it is not', async () => {
    upstream.on(routes.cameo, { body: cameos.completed });
    expect(await lookUp(characterRequest)).toBeUndefined();
  });

  test('stays unknown while the upstream cannot be asked', async () => {
    upstream.on(routes.cameo, { status: 500 });
    await expect(lookUp(characterRequest)).rejects.toMatchObject({ submitClass: 'not_sent' });
  });

  test('is looked up for this step alone', async () => {
    expect(await provider.lookUp(characterRequest, null, context({ step: 1 }))).toBeUndefined();
    expect(upstream.log).toEqual([]);
  });

  test('ends with the character although its id was never told', async () => {
    upstream.on(routes.cameo, { body: cameos.finalized });
    const found = await lookUp(characterRequest);
    expect(await pollOnce(found!.operation)).toMatchObject({
      state: 'done',
      character: { username: 'quickfox550', displayName: 'Quick Fox', cameoId: 'cameo_01' },
    });
  });
});
