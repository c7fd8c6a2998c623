import { createContext } from './__fixtures__/contexts.js';
import { parseRecorded } from './__fixtures__/recorded.js';
import { ScriptedUpstream } from './__fixtures__/scripted-upstream.js';
import { SoraProvider } from './sora-provider.js';

const provider = new SoraProvider();
const errors = parseRecorded<Record<string, unknown>>('errors.json');
const postRoute = 'DELETE /backend/project_y/post/s_1';
const characterRoute = 'DELETE /backend/project_y/characters/char_1';
const cameoRoute = 'GET /backend/project_y/cameos/in_progress/cameo_1';
let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
});
afterEach(() => upstream.close());

const cleanUp = (kind: string, reference: { [name: string]: string | null }) =>
  provider.cleanUp({ kind, reference }, createContext(upstream.url));
const character = { characterId: 'char_1', cameoId: 'cameo_1', username: 'fox1' };

test.each([200, 204, 404, 410])('what the upstream answers %d for is gone', async (status) => {
  upstream.on(postRoute, { status }).on(characterRoute, { status });
  await expect(cleanUp('post', { postId: 's_1' })).resolves.toBeUndefined();
  await expect(cleanUp('character', character)).resolves.toBeUndefined();
  expect(upstream.log).toEqual([postRoute, characterRoute]);
  expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual(
    Array(2).fill('Bearer access-token-of-ada'),
  );
});

test.each([
  [{ status: 500 }, 'not_sent', 'none'],
  ['reset' as const, 'not_sent', 'none'],
  [{ status: 401, body: errors.tokenInvalidated }, 'refused', 'credential_rejected'],
])('what cannot be removed just now is tried again: %j', async (answer, submitClass, effect) => {
  upstream.on(postRoute, answer);
  await expect(cleanUp('post', { postId: 's_1' })).rejects.toMatchObject({ submitClass, tokenEffect: { effect } });
});

test('a character whose id was lost is found by its cameo', async () => {
  upstream
    .on(cameoRoute, { body: { status: 'finalized', character_id: 'char_1' } })
    .on(characterRoute, { status: 204 });
  await cleanUp('character', { ...character, characterId: null });
  expect(upstream.log).toEqual([cameoRoute, characterRoute]);
});

test.each([404, 410])(
  'a character whose cameo is gone, answered %d, is gone although its id was lost',
  async (status) => {
    upstream.on(cameoRoute, { status, body: errors.notFound });
    await expect(cleanUp('character', { ...character, characterId: null })).resolves.toBeUndefined();
    expect(upstream.log).toEqual([cameoRoute]);
  },
);

test('a page of a machine in between does not say that a cameo is gone', async () => {
  upstream.on(cameoRoute, { status: 404, body: '<html>' });
  await expect(cleanUp('character', { ...character, characterId: null })).rejects.toMatchObject({
    submitClass: 'refused',
  });
});

test('a character whose id nobody tells is left for a person to remove', async () => {
  upstream.on(cameoRoute, { body: { status: 'finalized' } });
  await expect(cleanUp('character', { ...character, characterId: null })).rejects.toMatchObject({
    message: expect.stringContaining('by hand'),
  });
});

test.each([
  ['share', { postId: 's_1' }],
  ['post', { id: 's_1' }],
  ['character', {}],
])('cleaning up what this release never leaves behind is an error: %s %j', async (kind, reference) => {
  await expect(cleanUp(kind, reference)).rejects.toMatchObject({ code: 'internal_error' });
  expect(upstream.log).toEqual([]);
});
